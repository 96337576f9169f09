package org.fl4j.privacy.secure;

import ai.djl.ndarray.types.Shape;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.UpdateTransform;
import org.fl4j.internal.Check;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.privacy.accounting.Mechanism;
import org.fl4j.privacy.accounting.PrivacyBudget;
import org.fl4j.privacy.accounting.PrivacyTerms;
import org.fl4j.privacy.accounting.RdpAccountant;
import org.fl4j.privacy.accounting.SamplingScheme;
import org.fl4j.privacy.central.CentralDp;
import org.fl4j.privacy.clipping.NormClipping;
import org.fl4j.privacy.ftrl.EpochSelector;
import org.fl4j.privacy.noise.Noise;
import org.fl4j.privacy.noise.NoiseSource;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.RunCheck;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Tensors;

/**
 * Distributed differential privacy (Kairouz, Liu and Steinke 2021, arXiv 2102.06387): nobody is trusted with a single
 * update, and nobody adds all of the noise. Each client clips its delta, puts it on a grid of whole numbers, and adds a
 * discrete Gaussian share of the noise; {@link SecureSum} gives the server the sum alone. The shares of
 * {@code leastSurvivors} clients make up noise of multiplier z; more survivors only add more, and of fewer nothing is
 * unmasked: the model stays as it is. The mean's denominator is the cohort, whoever survives.
 *
 * <p>The server knows who is in a cohort, so sampling lessens no cost. Instead clients take turns
 * ({@link EpochSelector}): each is in one round an epoch at most, and what is charged is one release an epoch. What is
 * guaranteed is about one client that sends zeros, with its noise, in place of its delta, against anybody who sees the
 * sums. The sum of discrete Gaussians obeys the Renyi bound of the Gaussian with multiplier z (ibid., proposition 13;
 * the excess at this grid is below 1e-100), and only that, so the budget's accountant must be {@link RdpAccountant}.
 *
 * <p>Metrics of a round: {@code privacy/epsilon} so far, {@code secure/survivors}, {@code secure/unmasked} (1, or 0 if
 * survivors were too few). A cohort's vectors are in memory until the round ends. Models with buffers are refused,
 * updates that are not finite count as zeros, and metrics are for the experimenter's eyes. With
 * {@link NoiseSource#secure}, a round that runs again after a crash is a second release, which is not charged: save
 * every round. Deviation: no random rotation, which saves bits, of which this ring has enough.
 *
 * @param clippingBound C, positive
 * @param noiseMultiplier z, positive
 * @param cohort clients a round, at least 2
 * @param leastSurvivors how many clients' noise is counted on, more than half of the cohort
 * @param epochRounds rounds of an epoch, at least 1; there must be clients for them all
 * @param budget what the run may cost, by RDP
 * @param noise where noise comes from
 */
public record DistributedDp(
        double clippingBound,
        double noiseMultiplier,
        int cohort,
        int leastSurvivors,
        int epochRounds,
        PrivacyBudget budget,
        NoiseSource noise)
        implements Algorithm {
    private static final SamplingScheme EVERYONE = new SamplingScheme.Poisson(1);

    /** Checks all, and that the budget pays for one epoch at least. */
    public DistributedDp {
        Check.positive("clippingBound", clippingBound);
        Check.positive("noiseMultiplier", noiseMultiplier);
        Check.atLeast("cohort", 2, cohort);
        Check.inRange("leastSurvivors", cohort / 2 + 1, cohort, leastSurvivors);
        Check.positive("epochRounds", epochRounds);
        Check.present("budget", budget);
        Check.present("noise", noise);
        Check.that(
                budget.accountant() instanceof RdpAccountant,
                "accountant under distributed differential privacy",
                "RdpAccountant, for the sum of discrete Gaussians is bounded in Renyi divergence",
                budget.accountant().getClass().getSimpleName());
        new DiscreteGrid(clippingBound, noiseMultiplier, leastSurvivors, 1).requireFits(cohort);
        budget.requireCovers("one epoch", new Mechanism.Gaussian(noiseMultiplier), EVERYONE, 1);
    }

    private double spentBy(int round) {
        return budget.spent(
                new Mechanism.Gaussian(noiseMultiplier), EVERYONE, selector().participations(round));
    }

    private EpochSelector selector() {
        return new EpochSelector(epochRounds);
    }

    @Override
    public Parts on(Parts parts) {
        return parts.selector(selector())
                .cohortSize(cohort)
                .aggregator(aggregator())
                .uploadTransform(upload())
                .stopRule(history -> spentBy(history.size() + 1) > budget.epsilon());
    }

    UpdateTransform upload() {
        return new NoisyGrid(this);
    }

    /** Accepts only what the guarantee assumes. */
    @Override
    public void verify(Parts parts) {
        String name = "distributed differential privacy";
        Check.that(
                parts.selector().equals(selector()),
                "selector under " + name,
                selector() + ", for a client that takes part more often costs more",
                parts.selector());
        Check.that(
                parts.cohortSize() == cohort,
                "cohortSize",
                "the cohort of " + name + ", " + cohort,
                parts.cohortSize());
        selector().requireClients(parts.data().clients().size(), cohort);
        Check.that(
                parts.aggregator().equals(aggregator()),
                "aggregator under " + name,
                "DistributedDp",
                parts.aggregator().getClass().getSimpleName());
        Check.that(
                parts.uploadTransform().last().equals(upload()),
                "last upload transform under " + name,
                "the noise it sets",
                parts.uploadTransform().last());
        SecureMean.requireNoCodec(parts);
        CentralDp.requirePlainRounds(name, parts);
    }

    private DiscreteGrid grid(long size) {
        DiscreteGrid grid = new DiscreteGrid(clippingBound, noiseMultiplier, leastSurvivors, Math.toIntExact(size));
        grid.requireFits(cohort);
        return grid;
    }

    /** Clips, rounds and noises on the client; whole numbers in float32, exact. */
    private record NoisyGrid(DistributedDp dp) implements UpdateTransform {
        @Override
        public boolean readsDelta() {
            return true;
        }

        @Override
        public ModelUpdate transform(ModelUpdate update, TrainingTask task) {
            ParameterVector delta = update.delta();
            Noise.requireNoBuffers(delta.layout());
            Noise.requireNoAttachments(update);
            DiscreteGrid grid = dp.grid(delta.trainable().size());
            ModelUpdate clipped = new NormClipping(dp.clippingBound).transform(update, task);
            boolean broken = !clipped.delta().isFinite();
            int[] whole = broken
                    ? new int[grid.size()]
                    : grid.rounded(
                            clipped.delta().trainable().toFloatArray(),
                            task.seed("grid rounding").generator());
            if (clipped.delta() != delta) {
                clipped.delta().close();
            }
            RandomGenerator random = dp.noise.generator(task.seed("distributed noise"));
            grid.addShare(whole, random);
            float[] floats = new float[whole.length];
            for (int i = 0; i < floats.length; i++) {
                floats[i] = whole[i];
            }
            return clipped.withDelta(vector(delta, floats));
        }
    }

    private static ParameterVector vector(ParameterVector like, float... trainable) {
        ParameterVector vector =
                ParameterVector.zeros(like.layout(), like.floats().getManager());
        Kernels.copy(
                Tensors.create(vector.floats().getManager(), trainable, new Shape(trainable.length)),
                vector.trainable());
        return vector;
    }

    /** The server's half; alone it would report an epsilon that nothing has checked. */
    Aggregator aggregator() {
        return new DistributedDpAggregator(this);
    }

    private record DistributedDpAggregator(DistributedDp dp) implements Aggregator, RunCheck {
        /** For runs whose builder was configured without {@link SimulationBuilder#algorithm}. */
        @Override
        public void verify(Algorithm.Parts parts) {
            dp.verify(parts);
        }

        @Override
        public Aggregation begin(RoundContext round, ServerState state) {
            Noise.requireNoBuffers(state.model().layout());
            dp.grid(state.model().trainable().size()).width();
            return dp.new GridSum(round, state);
        }
    }

    private final class GridSum implements Aggregation {
        private final RoundContext round;
        private final ServerState state;
        private final MaskedVectors vectors = new MaskedVectors();

        GridSum(RoundContext round, ServerState state) {
            this.round = round;
            this.state = state;
        }

        @Override
        public void add(ModelUpdate update) {
            float[] floats = update.delta().trainable().toFloatArray();
            int[] whole = new int[floats.length];
            for (int i = 0; i < whole.length; i++) {
                whole[i] = (int) floats[i];
            }
            vectors.add(update.client().index(), whole);
        }

        @Override
        public void merge(Aggregation other) {
            vectors.merge(((GridSum) other).vectors);
        }

        @Override
        public Aggregate combine() {
            boolean unmasked = vectors.count() >= leastSurvivors;
            double spent = spentBy(round.number());
            Metrics metrics = Metrics.of("privacy/epsilon", spent, 1)
                    .merge(Metrics.of("secure/survivors", vectors.count(), 1))
                    .merge(Metrics.of("secure/unmasked", unmasked ? 1 : 0, 1));
            PrivacyTerms terms = new PrivacyTerms(
                    "distributed-dp",
                    Map.of(
                            "noise multiplier", noiseMultiplier,
                            "cohort", (double) cohort,
                            "epoch rounds", (double) epochRounds));
            return new Aggregate(
                    unmasked ? Optional.of(mean()) : Optional.empty(),
                    terms.agreed(round, state.strategy(), state.strategy()),
                    metrics);
        }

        private ParameterVector mean() {
            double width = grid(state.model().trainable().size()).width();
            int[] sum = vectors.sum(cohort, leastSurvivors, round.seed("secure aggregation"));
            float[] mean = new float[sum.length];
            for (int i = 0; i < mean.length; i++) {
                mean[i] = (float) (sum[i] * width / cohort);
            }
            return vector(state.model(), mean);
        }
    }
}
