package org.fl4j.aggregators.personal;

import ai.djl.ndarray.NDArray;
import org.fl4j.client.LocalStep;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.Worker;
import org.fl4j.core.UpdateWeighting;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.LocalModel;
import org.fl4j.random.Sampling;
import org.fl4j.server.FedAvg;
import org.fl4j.simulation.Algorithm;
import org.fl4j.tensor.Kernels;

/**
 * Per-FedAvg, first order (Fallah et al. 2020, arXiv 2002.07948, algorithm 1 with FO-MAML's gradient): a client looks
 * one step ahead on one batch, {@code ahead = w - innerRate g(w)}, and descends from w along the gradient of another
 * batch at that point; the model it learns is one that a single step makes personal.
 *
 * <p>Deviations: the second batch is drawn from the client's examples without replacement, anew in each step.
 *
 * @param innerRate alpha of the paper, at least 0; 0 is FedAvg with equal weights, on the second batches
 * @param tuning how a client tunes the model before its evaluation
 */
public record PerFedAvg(double innerRate, LocalTraining tuning) implements Algorithm {
    /** Checks both. */
    public PerFedAvg {
        Check.notNegative("innerRate", innerRate);
        Check.present("tuning", tuning);
    }

    @Override
    public Parts on(Parts parts) {
        PerFedAvg setting = this;
        return parts.usualAggregator(new FedAvg(UpdateWeighting.uniform()))
                .sgdClients((id, worker, training) -> new LookingAhead(id, worker, training, setting));
    }

    private static final class LookingAhead extends FineTuningClient {
        private final double innerRate;
        private boolean tuned;

        LookingAhead(ClientId id, Worker worker, LocalTraining training, PerFedAvg setting) {
            super(id, worker, training, setting.tuning);
            innerRate = setting.innerRate;
        }

        @Override
        protected void beforeEvaluation(TrainingTask task, LocalModel model) {
            tuned = true; // plain steps from here
            super.beforeEvaluation(task, model);
        }

        @Override
        protected void afterBackward(LocalStep step) {
            if (tuned) {
                return;
            }
            NDArray here = step.parameters().duplicate();
            Kernels.addScaled(step.parameters(), step.gradient(), -innerRate);
            Kernels.copy(gradient(another(step)), step.gradient());
            Kernels.copy(here, step.parameters());
        }

        private int[] another(LocalStep step) {
            return Sampling.withoutReplacement(
                    examples().count(),
                    step.batch().count(),
                    step.task().seed("second batch").derive(step.number()).generator());
        }
    }
}
