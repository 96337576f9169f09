package org.fl4j.aggregators;

import java.util.List;
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
    private static final String RATE = "train/learning rate"; // which every SgdClient reports

    private ReceivedLoss() {}

    static Admission judge(ModelUpdate update) {
        for (String name : List.of(METRIC, RATE)) {
            double value = update.metrics().find(name).orElse(Double.NaN);
            if (!(value >= 0) || value == Double.POSITIVE_INFINITY) {
                return Admission.rejected(
                        RejectionReason.REFUSED,
                        "metric " + name + " must be there, at least 0 and finite, but was " + value);
            }
        }
        return Admission.accepted();
    }

    /** Returns the learning rate that the client trained with. */
    static double rate(ModelUpdate update) {
        return update.metrics().value(RATE);
    }

    /** Trains as usual, and measures that loss first. */
    static final class Reporter extends SgdClient {
        private Metrics received = Metrics.none();

        Reporter(ClientId id, Worker worker, LocalTraining training) {
            super(id, worker, training);
        }

        @Override
        protected void beforeTraining(TrainingTask task, LocalModel model) {
            if (examples().count() == 0) {
                return; // the server rejects the update
            }
            Examples all = examples().gather(model.manager());
            received = Metrics.of(METRIC, model.evaluate(all, "received").value(METRIC) * all.count(), all.count());
        }

        @Override
        protected ModelUpdate upload(TrainingTask task, ModelUpdate update) {
            return update.withMetrics(received);
        }
    }
}
