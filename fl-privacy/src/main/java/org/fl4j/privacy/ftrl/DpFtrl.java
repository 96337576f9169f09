package org.fl4j.privacy.ftrl;

import java.util.Map;
import java.util.Optional;
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
import org.fl4j.privacy.accounting.GaussianMechanism;
import org.fl4j.privacy.accounting.PrivacyTerms;
import org.fl4j.privacy.central.CentralDp;
import org.fl4j.privacy.clipping.NormClipping;
import org.fl4j.privacy.noise.Noise;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.RunCheck;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.tensor.ParameterVector;

/**
 * DP-FTRL with tree aggregation (Kairouz et al. 2021, arXiv 2103.00039, algorithms 1 and 2, without momentum): the
 * model is the initial one plus the running sum of clipped deltas, and that sum gets the noise of a binary tree, so
 * that noise of rounds cancels and no sampling is assumed. A tree serves one epoch, in which each client takes part
 * once at most ({@link EpochSelector}); then a new one starts, so that a client may be in every tree, and costs of
 * trees add up. A tree of t rounds is a Gaussian release with multiplier {@code noiseMultiplier / sqrt(depth)}, depth
 * being floor(log2 t) + 1; what is guaranteed is about one client more or less, whose places in the order stay empty.
 *
 * <p>Metrics: {@code privacy/epsilon} of the rounds so far, exact. Noise is seeded, since the tree draws a node's noise
 * again to take it away: whoever knows the run's seed can take the noise away, so this is for experiments. Models with
 * buffers are refused. Deviations: the plain step of the server is meant, any other is post-processing of the same
 * releases; at a restart the tree is not completed with rounds that nobody is in.
 *
 * @param clippingBound C, positive
 * @param noiseMultiplier the deviation of a node over C, positive
 * @param cohort clients a round, the fixed denominator, at least 1
 * @param epochRounds rounds of an epoch, and so of a tree, at least 1; there must be clients for them all
 * @param budget the epsilon that the run may cost, positive; it ends before the round that would cost more. May be
 *     infinite
 * @param delta in (0, 1)
 */
public record DpFtrl(
        double clippingBound, double noiseMultiplier, int cohort, int epochRounds, double budget, double delta)
        implements Algorithm {
    /** Checks all. */
    public DpFtrl {
        Check.positive("clippingBound", clippingBound);
        Check.positive("noiseMultiplier", noiseMultiplier);
        Check.positive("cohort", cohort);
        Check.positive("epochRounds", epochRounds);
        Check.that(budget > 0, "budget", "positive", budget);
        Check.that(delta > 0 && delta < 1, "delta", "in (0, 1)", delta);
        double once = GaussianMechanism.epsilon(noiseMultiplier, delta);
        Check.that(once <= budget, "epsilon of one round", "within the budget, " + budget, once);
    }

    /** Ends at no cost. */
    public DpFtrl(double clippingBound, double noiseMultiplier, int cohort, int epochRounds, double delta) {
        this(clippingBound, noiseMultiplier, cohort, epochRounds, Double.POSITIVE_INFINITY, delta);
    }

    /** Returns the exact epsilon of so many rounds. */
    public double epsilon(int afterRounds) {
        int nodes = afterRounds / epochRounds * TreeNoise.depth(epochRounds); // that a client in every tree is in
        int begun = afterRounds % epochRounds;
        int all = begun == 0 ? nodes : nodes + TreeNoise.depth(begun);
        return GaussianMechanism.epsilon(noiseMultiplier / Math.sqrt(all), delta);
    }

    private PrivacyTerms terms() {
        return new PrivacyTerms(
                "dp-ftrl",
                Map.of(
                        "noise multiplier",
                        noiseMultiplier,
                        "clipping bound",
                        clippingBound,
                        "cohort",
                        (double) cohort,
                        "epoch rounds",
                        (double) epochRounds));
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
                .stopRule(history -> epsilon(history.size() + 1) > budget);
    }

    UpdateTransform upload() {
        return new ClippedAlone(clippingBound);
    }

    /** Clips, and refuses what would be sent beside the delta; a rehearsal sees it before the first round. */
    private record ClippedAlone(double clippingBound) implements UpdateTransform {
        @Override
        public boolean readsDelta() {
            return true;
        }

        @Override
        public ModelUpdate transform(ModelUpdate update, TrainingTask task) {
            Noise.requireNoAttachments(update);
            return new NormClipping(clippingBound).transform(update, task);
        }
    }

    /** Accepts only what the guarantee assumes. */
    @Override
    public void verify(Parts parts) {
        Check.that(
                parts.selector().equals(selector()),
                "selector under DP-FTRL",
                selector() + ", for a client that takes part more often costs more",
                parts.selector());
        Check.that(
                parts.aggregator().equals(aggregator()),
                "aggregator under DP-FTRL",
                "DpFtrl's",
                parts.aggregator().getClass().getSimpleName());
        Check.that(
                parts.uploadTransform().last().equals(upload()),
                "last upload transform under DP-FTRL",
                "the clipping it sets",
                parts.uploadTransform().last());
        CentralDp.requirePlainRounds("DP-FTRL", parts);
        Check.that(parts.cohortSize() == cohort, "cohortSize", "the cohort of DP-FTRL, " + cohort, parts.cohortSize());
        selector().requireClients(parts.data().clients().size(), cohort);
    }

    /** The server's half; alone it would report an epsilon that nothing has checked. */
    Aggregator aggregator() {
        return new DpFtrlAggregator(this);
    }

    private record DpFtrlAggregator(DpFtrl ftrl) implements Aggregator, RunCheck {
        /** For runs whose builder was configured without {@link SimulationBuilder#algorithm}. */
        @Override
        public void verify(Algorithm.Parts parts) {
            ftrl.verify(parts);
        }

        @Override
        public Aggregation begin(RoundContext round, ServerState state) {
            Noise.requireNoBuffers(state.model().layout());
            return ftrl.new Sum(round, state);
        }
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
            Noise.requireNoAttachments(update);
            NormClipping.addClipped(sum, update.delta(), clippingBound);
        }

        @Override
        public void merge(Aggregation other) {
            sum.addScaledInPlace(((Sum) other).sum, 1);
        }

        @Override
        public Aggregate combine() {
            TreeNoise noise = new TreeNoise(
                    noiseMultiplier * clippingBound,
                    round.runSeed().derive("tree noise").derive(selector().epoch(round.number())));
            noise.addIncrement(sum.trainable(), (round.number() - 1) % epochRounds + 1);
            sum.trainable().divi(cohort);
            return new Aggregate(
                    Optional.of(sum),
                    terms().agreed(round, state.strategy(), state.strategy()),
                    Metrics.of("privacy/epsilon", epsilon(round.number()), 1));
        }
    }
}
