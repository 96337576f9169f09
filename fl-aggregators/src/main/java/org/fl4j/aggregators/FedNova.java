package org.fl4j.aggregators;

import org.fl4j.client.ClientOptimizer;
import org.fl4j.client.LocalTraining;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ModelUpdate;
import org.fl4j.core.RoundContext;
import org.fl4j.core.ServerState;
import org.fl4j.core.UpdateWeighting;
import org.fl4j.internal.Check;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.RunCheck;
import org.fl4j.tensor.ParameterVector;

/**
 * FedNova (Wang et al. 2020, arXiv 2007.07481, equation 9): deltas are divided by the length a_i of their client's local
 * training before they are averaged, and the mean is multiplied by the mean length, so that clients that take more steps do
 * not pull the model to their own optimum. a_i is the number of local steps, or for momentum rho {@code (steps - rho (1 -
 * rho^steps) / (1 - rho)) / (1 - rho)}.
 *
 * <p>A run whose {@link LocalTraining} has another momentum, an adaptive optimizer or a proximal term is refused, for a_i would be wrong. Of
 * clients of your own making nothing is known: localMomentum must be theirs.
 *
 * <p>Deviations: none; with equal numbers of steps it is FedAvg. Buffers are averaged as they are.
 *
 * @param weighting how much each update counts, in both means
 * @param localMomentum the momentum of the clients' SGD, in [0, 1)
 */
public record FedNova(UpdateWeighting weighting, double localMomentum) implements Aggregator, RunCheck {
    /** Checks both. */
    public FedNova {
        Check.present("weighting", weighting);
        Check.fraction("localMomentum", localMomentum);
    }

    /** Weighs by example count, for clients without momentum. */
    public FedNova() {
        this(UpdateWeighting.byExampleCount(), 0);
    }

    /** Accepts only local training of the length that it divides by. */
    @Override
    public void verify(Algorithm.Parts parts) {
        parts.training().filter(used -> parts.clients().isEmpty()).ifPresent(training -> {
            boolean right = training.optimizer() instanceof ClientOptimizer.Sgd sgd && sgd.momentum() == localMomentum;
            Check.that(
                    right,
                    "optimizer of clients under FedNova",
                    "SGD with the momentum that it normalises for, localMomentum = " + localMomentum,
                    training.optimizer());
            Check.that(
                    training.proximalTerm() == 0,
                    "proximalTerm of clients under FedNova",
                    "0, for it normalises for training without one",
                    training.proximalTerm());
        });
    }

    @Override
    public Aggregation begin(RoundContext round, ServerState state) {
        return new Normalised(state);
    }

    private double length(ModelUpdate update) {
        double steps = (double) Math.max(1, update.localSteps());
        double rho = localMomentum;
        return (steps - rho * (1 - Math.pow(rho, steps)) / (1 - rho)) / (1 - rho);
    }

    private final class Normalised implements Aggregation {
        private final WeightedMean mean;
        private double weightedLength;

        Normalised(ServerState state) {
            mean = new WeightedMean(weighting, state);
        }

        @Override
        public void add(ModelUpdate update) {
            double length = length(update);
            weightedLength += weighting.weight(update) * length;
            try (ParameterVector delta = update.delta().copy()) {
                delta.trainable().divi(length);
                mean.add(update.withDelta(delta));
            }
        }

        @Override
        public void merge(Aggregation other) {
            Normalised part = (Normalised) other;
            mean.merge(part.mean);
            weightedLength += part.weightedLength;
        }

        @Override
        public Aggregate combine() {
            Aggregate aggregate = mean.combine();
            aggregate.delta().ifPresent(delta -> delta.trainable().muli(weightedLength / mean.totalWeight()));
            return aggregate;
        }
    }
}
