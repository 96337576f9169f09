package org.fl4j.aggregators;

import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.Worker;
import org.fl4j.core.Admission;
import org.fl4j.core.ClientId;
import org.fl4j.core.ModelUpdate;
import org.fl4j.core.RejectionReason;
import org.fl4j.core.TrainingTask;
import org.fl4j.data.Examples;
import org.fl4j.metrics.Metrics;
import org.fl4j.model.LocalModel;

/** The loss of a client's training data at the model it received, which fair algorithms weigh by. */
final class ReceivedLoss {
    static final String METRIC = "received/loss";

    private ReceivedLoss() {}

    static Admission judge(ModelUpdate update) {
        return update.metrics().find(METRIC).isPresent()
                ? Admission.accepted()
                : Admission.rejected(
                        RejectionReason.REFUSED,
                        "metrics must have " + METRIC + ", but were "
                                + update.metrics().values().keySet());
    }

    /** Trains as usual, and measures that loss first. */
    static final class Reporter extends SgdClient {
        private Metrics received = Metrics.none();

        Reporter(ClientId id, Worker worker, LocalTraining training) {
            super(id, worker, training);
        }

        @Override
        protected void beforeTraining(TrainingTask task, LocalModel model) {
            Examples all = examples().gather(model.manager());
            received = Metrics.of(METRIC, model.evaluate(all, "received").value(METRIC) * all.count(), all.count());
        }

        @Override
        protected ModelUpdate upload(TrainingTask task, ModelUpdate update) {
            return update.withMetrics(received);
        }
    }
}
