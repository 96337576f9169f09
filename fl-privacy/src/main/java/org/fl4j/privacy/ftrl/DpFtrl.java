package org.fl4j.privacy.ftrl;

import ai.djl.ndarray.NDArray;
import java.util.Optional;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ModelUpdate;
import org.fl4j.core.RoundContext;
import org.fl4j.core.ServerState;
import org.fl4j.internal.Check;
import org.fl4j.metrics.Metrics;
import org.fl4j.privacy.accounting.GaussianMechanism;
import org.fl4j.privacy.central.CentralDp;
import org.fl4j.privacy.clipping.NormClipping;
import org.fl4j.privacy.noise.Noise;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterVector;

/**
 * DP-FTRL with tree aggregation (Kairouz et al. 2021, arXiv 2103.00039, algorithms 1 and 2, without restarts and momentum): the
 * model is the initial one plus the running sum of clipped deltas, and that sum gets the noise of a binary tree, so that noise
 * of rounds cancels and no sampling is assumed. Each client takes part once at most ({@link OnceSelector}). All rounds together
 * are one Gaussian release with multiplier {@code noiseMultiplier / sqrt(depth)}, depth being floor(log2 rounds) + 1; what is
 * guaranteed is about one client more or less, whose place in the order stays empty.
 *
 * <p>Metrics: {@code privacy/epsilon} of the rounds so far, exact. Noise is seeded, since the tree draws a node's noise again to
 * take it away: whoever knows the run's seed can take the noise away, so this is for experiments. Models with buffers are
 * refused. Deviations: the plain step of the server is meant; any other is post-processing of the same releases.
 *
 * @param clippingBound C, positive
 * @param noiseMultiplier the deviation of a node over C, positive
 * @param cohort clients a round, the fixed denominator, at least 1
 * @param rounds at least 1; all clients must do for them
 * @param delta in (0, 1)
 */
public record DpFtrl(double clippingBound, double noiseMultiplier, int cohort, int rounds, double delta)
        implements Algorithm, Aggregator {
    private static final String COHORT = "ftrl/cohort";

    /** Checks all. */
    public DpFtrl {
        Check.positive("clippingBound", clippingBound);
        Check.positive("noiseMultiplier", noiseMultiplier);
        Check.positive("cohort", cohort);
        Check.positive("rounds", rounds);
        Check.that(delta > 0 && delta < 1, "delta", "in (0, 1)", delta);
    }

    /** Returns the exact epsilon of so many rounds. */
    public double epsilon(int afterRounds) {
        return GaussianMechanism.epsilon(noiseMultiplier / Math.sqrt(TreeNoise.depth(afterRounds)), delta);
    }

    @Override
    public void configure(SimulationBuilder builder) {
        builder.selector(new OnceSelector())
                .cohortSize(cohort)
                .rounds(rounds)
                .aggregator(this)
                .uploadTransform(new NormClipping(clippingBound));
    }

    /** Accepts only what the guarantee assumes. */
    @Override
    public void verify(Parts parts) {
        Check.that(
                parts.selector() instanceof OnceSelector,
                "selector under DP-FTRL",
                "OnceSelector, for a client that takes part again costs more",
                parts.selector());
        Check.that(parts.aggregator().equals(this), "aggregator under DP-FTRL", "DpFtrl", parts.aggregator());
        CentralDp.requirePlainRounds("DP-FTRL", parts);
        int needed = Math.multiplyExact(cohort, rounds);
        Check.that(
                needed <= parts.data().clients().size(),
                "cohort times rounds",
                "at most the clients, " + parts.data().clients().size() + ", for each takes part once",
                needed);
    }

    @Override
    public Aggregation begin(RoundContext round, ServerState state) {
        Noise.requireNoBuffers(state.model().layout());
        return new Sum(round, state);
    }

    private final class Sum implements Aggregation {
        private final RoundContext round;
        private final ServerState state;
        private final ParameterVector sum;

        Sum(RoundContext round, ServerState state) {
            this.round = round;
            this.state = state;
            sum = ParameterVector.zeros(
                    state.model().layout(), state.model().floats().getManager());
        }

        @Override
        public void add(ModelUpdate update) {
            double norm = update.delta().norm();
            double scale = norm > clippingBound ? clippingBound / norm * (1 - 1e-6) : 1; // rounding must not exceed it
            NDArray delta = update.delta().on(sum.floats().getDevice()).trainable();
            Kernels.addScaled(sum.trainable(), delta, scale);
        }

        @Override
        public void merge(Aggregation other) {
            sum.addScaledInPlace(((Sum) other).sum, 1);
        }

        @Override
        public Aggregate combine() {
            TreeNoise noise = new TreeNoise(
                    noiseMultiplier * clippingBound, round.runSeed().derive("tree noise"));
            noise.addIncrement(sum.trainable(), round.number());
            sum.trainable().divi(cohort);
            double earlier = state.strategy().number(COHORT).orElse((double) cohort);
            Check.that(
                    earlier == cohort
                            && (round.number() == 1
                                    || state.strategy().number(COHORT).isPresent()),
                    "cohort",
                    "that of the rounds before a resume, " + earlier,
                    cohort);
            return new Aggregate(
                    Optional.of(sum),
                    state.strategy().with(COHORT, cohort),
                    Metrics.of("privacy/epsilon", epsilon(round.number()), 1));
        }
    }
}
