package org.fl4j.aggregators;

import java.util.List;
import java.util.Set;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.SgdClientFactory;
import org.fl4j.client.Worker;
import org.fl4j.core.Admission;
import org.fl4j.data.Examples;
import org.fl4j.message.ClientId;
import org.fl4j.message.Fact;
import org.fl4j.message.Facts;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.TrainingFacts;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.LocalModel;

/** The loss of a client's training data at the model it received, which fair algorithms weigh by. */
final class ReceivedLoss {
    static final Fact<Double> LOSS = Fact.ofData("received/loss");
    static final Set<Fact<?>> NEEDED = Set.of(LOSS, TrainingFacts.LEARNING_RATE);

    /** Makes clients that report it. */
    static final SgdClientFactory CLIENTS = SgdClientFactory.ofOneClass(Reporter.class, Reporter::new);

    private ReceivedLoss() {}

    static Admission judge(ModelUpdate update) {
        for (Fact<Double> fact : List.of(LOSS, TrainingFacts.LEARNING_RATE)) {
            double value = update.facts().number(fact);
            if (!(value >= 0) || value == Double.POSITIVE_INFINITY) {
                return Admission.rejected(
                        RejectionReason.REFUSED,
                        "fact " + fact.name() + " must be there, at least 0 and finite, but was " + value);
            }
        }
        return Admission.accepted();
    }

    /** Returns the learning rate that the client trained with. */
    static double rate(ModelUpdate update) {
        return update.facts().get(TrainingFacts.LEARNING_RATE);
    }

    /** Trains as usual, and measures that loss first. */
    static final class Reporter extends SgdClient {
        private Facts received = Facts.none();

        Reporter(ClientId id, Worker worker, LocalTraining training) {
            super(id, worker, training);
        }

        @Override
        protected void beforeTraining(TrainingTask task, LocalModel model) {
            if (examples().count() == 0) {
                return; // the server rejects the update
            }
            Examples all = examples().gather(model.manager());
            received = Facts.of(LOSS, model.evaluate(all, "received").value(LOSS.name()));
        }

        @Override
        protected ModelUpdate upload(TrainingTask task, ModelUpdate update) {
            return update.with(update.facts().with(received));
        }
    }
}
