package org.fl4j.aggregators.personal;

import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.Worker;
import org.fl4j.message.ClientId;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.LocalModel;

/** A client whose model is made personal for evaluation by training it on the client's own data. */
class FineTuningClient extends SgdClient {
    private final LocalTraining tuning;

    FineTuningClient(ClientId id, Worker worker, LocalTraining training, LocalTraining tuning) {
        super(id, worker, training);
        this.tuning = tuning;
    }

    @Override
    protected void beforeEvaluation(TrainingTask task, LocalModel model) {
        train(task, tuning, task.model().on(worker().device()).trainable(), "fine-tuning");
    }
}
