package org.fl4j.aggregators.personal;

import ai.djl.ndarray.NDArray;
import java.util.Map;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.Worker;
import org.fl4j.message.ClientId;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.LocalModel;
import org.fl4j.tensor.Kernels;

/**
 * A client that keeps a whole model of its own beside the shared one, all floats of the layout, and is evaluated with
 * it.
 */
abstract class PersonalModelClient extends SgdClient {
    private static final String MODEL = "personal/model";

    static final Slot SLOT = Slot.ofClient("personal-model");

    PersonalModelClient(ClientId id, Worker worker, LocalTraining training) {
        super(id, worker, training);
    }

    /** Returns a copy of the kept model; of the received one in the client's first round. */
    final NDArray own(TrainingTask task) {
        return kept(SLOT)
                .flatMap(state -> state.tensor(MODEL))
                .orElseGet(() -> task.model().on(worker().device()).floats().duplicate());
    }

    final void keepModel(NDArray floats, Map<String, Double> numbers) {
        keep(SLOT, new StrategyState(Map.of(MODEL, floats), numbers));
    }

    @Override
    protected void beforeEvaluation(TrainingTask task, LocalModel model) {
        Kernels.copy(own(task), model.parameters().floats());
    }
}
