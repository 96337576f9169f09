package org.fl4j.aggregators.personal;

import java.util.List;
import org.fl4j.client.LocalStep;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.Worker;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.LocalModel;
import org.fl4j.server.FedAvg;
import org.fl4j.simulation.Algorithm;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterRole;
import org.fl4j.tensor.ParameterVector;

/**
 * FedBABU (Oh et al. 2022, arXiv 2106.06042, algorithm 1): the head stays as it was drawn while the body is trained and
 * averaged. A client evaluates the model that it has tuned, head and body, on its own examples. FedAvg on the server.
 *
 * <p>Deviations: none.
 *
 * @param layers of how many layers with parameters the head is, counted from the output
 * @param tuning how a client tunes the model before its evaluation
 */
public record FedBabu(int layers, LocalTraining tuning) implements Algorithm {
    /** Checks both. */
    public FedBabu {
        Check.positive("layers", layers);
        Check.present("tuning", tuning);
    }

    @Override
    public Parts on(Parts parts) {
        SharingRule head = SharingRule.lastLayers(layers);
        LocalTraining own = tuning;
        return parts.usualAggregator(new FedAvg())
                .sgdClients((id, worker, training) -> new BodyClient(id, worker, training, own, head));
    }

    /** The model must have so many layers, and some more. */
    @Override
    public void verify(Parts parts) {
        SharingRule.lastLayers(layers).personal(parts.layout());
    }

    private static final class BodyClient extends FineTuningClient {
        private final SharingRule head;
        private boolean tunes;

        BodyClient(ClientId id, Worker worker, LocalTraining training, LocalTraining tuning, SharingRule head) {
            super(id, worker, training, tuning);
            this.head = head;
        }

        private List<ParameterLayout.Entry> ofHead(LocalModel model) {
            return head.personal(model.parameters().layout()).stream()
                    .filter(entry -> entry.role() == ParameterRole.TRAINABLE)
                    .toList();
        }

        @Override
        protected void afterBackward(LocalStep step) {
            if (!tunes) {
                ofHead(worker().model())
                        .forEach(entry -> Kernels.narrow(step.gradient(), entry.offset(), entry.size())
                                .muli(0));
            }
        }

        /** Undoes what weight decay did to the head. */
        @Override
        protected void afterTraining(TrainingTask task, LocalModel model) {
            ParameterVector received = task.model().on(worker().device());
            ofHead(model)
                    .forEach(entry -> Kernels.copy(
                            received.parameter(entry), model.parameters().parameter(entry)));
        }

        @Override
        protected void beforeEvaluation(TrainingTask task, LocalModel model) {
            tunes = true;
            super.beforeEvaluation(task, model);
        }
    }
}
