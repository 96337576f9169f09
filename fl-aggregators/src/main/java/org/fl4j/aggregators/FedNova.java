package org.fl4j.aggregators;

import java.util.Set;
import org.fl4j.client.ClientOptimizer;
import org.fl4j.client.LocalTraining;
import org.fl4j.core.Admission;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.UpdateWeighting;
import org.fl4j.internal.Check;
import org.fl4j.message.Fact;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.message.TrainingFacts;
import org.fl4j.server.WeightedMean;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.RunCheck;
import org.fl4j.tensor.ParameterVector;

/**
 * FedNova (Wang et al. 2020, arXiv 2007.07481, equation 9): deltas are divided by the length a_i of their client's
 * local training before they are averaged, and the mean is multiplied by the mean length, so that clients that take
 * more steps do not pull the model to their own optimum. a_i is the number of local steps; for momentum rho it is
 * {@code (steps - rho (1 - rho^steps) / (1 - rho)) / (1 - rho)}; for a proximal term mu, as in {@link FedProx}, it is
 * {@code (1 - (1 - alpha)^steps) / alpha} with {@code alpha = rate mu} (ibid., section 4.2).
 *
 * <p>A run whose clients train with another momentum, another proximal term or an adaptive optimizer is refused, for
 * a_i would be wrong. Of clients of your own making nothing is known: localMomentum and proximalTerm must be theirs.
 * Updates that hide their number of steps are refused too.
 *
 * <p>Deviations: none; with equal numbers of steps it is FedAvg. Buffers are averaged as they are.
 *
 * @param weighting how much each update counts, in both means
 * @param localMomentum the momentum of the clients' SGD, in [0, 1); 0 with a proximal term
 * @param proximalTerm mu of the clients' training, at least 0
 */
public record FedNova(UpdateWeighting weighting, double localMomentum, double proximalTerm)
        implements Aggregator, RunCheck {
    /** Checks all. */
    public FedNova {
        Check.present("weighting", weighting);
        Check.fraction("localMomentum", localMomentum);
        Check.notNegative("proximalTerm", proximalTerm);
        Check.that(
                localMomentum == 0 || proximalTerm == 0,
                "localMomentum of FedNova",
                "0 with a proximal term, for the length of training with both is not known",
                localMomentum);
    }

    /** Has no proximal term. */
    public FedNova(UpdateWeighting weighting, double localMomentum) {
        this(weighting, localMomentum, 0);
    }

    /** Weighs by example count, for clients without momentum. */
    public FedNova() {
        this(UpdateWeighting.byExampleCount(), 0);
    }

    /** Accepts only local training of the length that it divides by. */
    @Override
    public void verify(Algorithm.Parts parts) {
        Check.that(
                !parts.uploadTransform().hidesCounts(),
                "upload transform under FedNova",
                "one that leaves the number of local steps, for FedNova divides by it",
                parts.uploadTransform().getClass().getSimpleName());
        parts.training().filter(used -> parts.clients().isEmpty()).ifPresent(common -> {
            LocalTraining training = parts.sgdClients().effective(common);
            boolean right = training.optimizer() instanceof ClientOptimizer.Sgd sgd && sgd.momentum() == localMomentum;
            Check.that(
                    right,
                    "optimizer of clients under FedNova",
                    "SGD with the momentum that it normalises for, localMomentum = " + localMomentum,
                    training.optimizer());
            Check.that(
                    training.proximalTerm() == proximalTerm,
                    "proximalTerm of clients under FedNova",
                    "the one that it normalises for, proximalTerm = " + proximalTerm,
                    training.proximalTerm());
        });
    }

    @Override
    public Set<Fact<?>> needs() {
        return proximalTerm > 0 ? Set.of(TrainingFacts.LEARNING_RATE) : Set.of();
    }

    @Override
    public Aggregation begin(RoundContext round, ServerState state) {
        return new Normalised(state);
    }

    private double length(ModelUpdate update) {
        double steps = (double) Math.max(1, update.localSteps());
        if (proximalTerm > 0) {
            double stays = Math.abs(
                    1 - update.facts().get(TrainingFacts.LEARNING_RATE) * proximalTerm); // of a step after the next one
            return stays == 1 ? steps : (1 - Math.pow(stays, steps)) / (1 - stays);
        }
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
        public Admission onModelUpdate(ModelUpdate update) {
            double rate = update.facts().number(TrainingFacts.LEARNING_RATE);
            return proximalTerm == 0 || rate > 0
                    ? Admission.accepted()
                    : Admission.rejected(
                            RejectionReason.REFUSED,
                            "fact " + TrainingFacts.LEARNING_RATE.name() + " must be positive, but was " + rate);
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
