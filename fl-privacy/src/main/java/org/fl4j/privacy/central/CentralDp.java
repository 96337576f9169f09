package org.fl4j.privacy.central;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.Map;
import java.util.Optional;
import org.fl4j.core.Admission;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.UpdateTransform;
import org.fl4j.internal.Check;
import org.fl4j.message.Fact;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingFacts;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.privacy.accounting.Mechanism;
import org.fl4j.privacy.accounting.PrivacyBudget;
import org.fl4j.privacy.accounting.PrivacyTerms;
import org.fl4j.privacy.accounting.SamplingScheme;
import org.fl4j.privacy.audit.CanaryAudit;
import org.fl4j.privacy.clipping.NormClipping;
import org.fl4j.privacy.noise.Noise;
import org.fl4j.privacy.noise.NoiseSource;
import org.fl4j.server.UpdatePolicy;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.RunCheck;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Tensors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Differentially private federated averaging with a trusted server (McMahan et al. 2018, arXiv 1710.06963, algorithm 1,
 * the estimator with a fixed denominator): cohorts are drawn as the accountant assumes, each delta is clipped to C, all
 * count alike, and the sum gets normal noise of deviation {@code z C} before it is divided by the expected cohort. With
 * Poisson sampling what is guaranteed is about one client that sends something or nothing, how many there are being
 * public; with cohorts of a fixed size it is about one client with other data, who moves the sum by 2 C, and only the
 * RDP accountant knows the cost.
 *
 * <pre>{@code
 * PrivacyBudget budget = new PrivacyBudget(2, 1e-5);
 * double rate = 0.1;
 * SimulationBuilder builder = Simulation.builder().algorithm(new CentralDp(
 *         ClippingRule.fixed(0.5), budget.noiseMultiplier(rate, 100), rate, budget, NoiseSource.seeded()));
 * }</pre>
 *
 * <p>Cohorts of a fixed size: {@code new SamplingScheme.FixedSize(100, 1000)} in place of the rate.
 *
 * <p>The round's noise is drawn even if nobody took part, a client's delta is clipped once more by the server, and one
 * that is not finite counts as none. The run ends before the round that the budget does not pay for. Metrics of a round
 * are {@code privacy/epsilon} so far, by the budget's accountant, {@code privacy/clipping bound} and
 * {@code privacy/noise deviation}.
 *
 * <p>The guarantee covers the models. What reports say about clients (losses, norms, who took part) is for the
 * experimenter's eyes. Models with buffers are refused, for statistics of clients' data would leave without noise. A
 * server optimizer works on what is already private. A resume must have the same noise and sampling.
 *
 * <p>For real data take {@link NoiseSource#secure} and a run seed that is random and stays secret, for who took part
 * must not be known; and save every round before anybody sees it: a round that runs again after a crash is a second
 * release, which is not charged. Deviations: clients clip after local training, not after each step.
 *
 * @param clipping the bound on deltas
 * @param noiseMultiplier z, positive
 * @param sampling how cohorts are drawn
 * @param budget what the run may cost
 * @param noise where noise comes from
 */
public record CentralDp(
        ClippingRule clipping, double noiseMultiplier, SamplingScheme sampling, PrivacyBudget budget, NoiseSource noise)
        implements Algorithm {
    private static final Logger LOG = LoggerFactory.getLogger(CentralDp.class);
    private static final String BOUND = "privacy/bound";
    /** Whether an update was not longer than the bound. */
    static final Fact<Boolean> BELOW = new Fact<>("privacy/below bound", Boolean.class, Fact.Source.DATA);

    /** Checks all, and that the budget pays for one round at least. */
    public CentralDp {
        Check.present("clipping", clipping);
        Check.positive("noiseMultiplier", noiseMultiplier);
        Check.present("sampling", sampling);
        Check.present("budget", budget);
        Check.present("noise", noise);
        clipping.sumMultiplier(noiseMultiplier);
        budget.requireCovers("one round", new Mechanism.Gaussian(noiseMultiplier), sampling, 1);
    }

    /** Takes Poisson sampling at a rate in (0, 1]. */
    public CentralDp(
            ClippingRule clipping, double noiseMultiplier, double rate, PrivacyBudget budget, NoiseSource noise) {
        this(clipping, noiseMultiplier, new SamplingScheme.Poisson(rate), budget, noise);
    }

    private double spent(long rounds) {
        return budget.spent(new Mechanism.Gaussian(noiseMultiplier), sampling, rounds);
    }

    ClientSelector selector() {
        return sampling instanceof SamplingScheme.FixedSize fixed
                ? new FixedSizeSelector(fixed.cohort(), fixed.population())
                : new PoissonSelector(sampling.rate());
    }

    @Override
    public Parts on(Parts parts) {
        return parts.selector(selector())
                .cohortSize(cohortSize())
                .aggregator(aggregator())
                .uploadTransform(upload())
                .stopRule(history -> spent(history.size() + 1) > budget.epsilon());
    }

    private PrivacyTerms terms() {
        return new PrivacyTerms(
                "central-dp",
                Map.of(
                        "noise multiplier",
                        noiseMultiplier,
                        "rate",
                        sampling.rate(),
                        "fixed size",
                        sampling instanceof SamplingScheme.FixedSize ? 1.0 : 0.0));
    }

    private int cohortSize() {
        return sampling instanceof SamplingScheme.FixedSize fixed
                ? fixed.cohort()
                : 1; // else each has a coin of its own
    }

    /** Returns an audit of its rounds with so many clients. */
    public CanaryAudit audit(int clients) {
        return new CanaryAudit(aggregator(), upload(), clients);
    }

    /** Returns what its clients do to their updates: clip them to the bound that came with the model. */
    UpdateTransform upload() {
        return new ClipToReceivedBound();
    }

    /** Clips to the bound that came with the model, and says whether the update was shorter. */
    private record ClipToReceivedBound() implements UpdateTransform {
        @Override
        public boolean readsDelta() {
            return true;
        }

        @Override
        public ModelUpdate transform(ModelUpdate update, TrainingTask task) {
            Noise.requireNoAttachments(update);
            double bound = task.attachment(BOUND, update.delta().floats().getDevice())
                    .orElseThrow()
                    .getFloat();
            ModelUpdate clipped = new NormClipping(bound).transform(Noise.withoutClaims(update), task);
            boolean below = !(clipped.facts().get(TrainingFacts.UPDATE_NORM) > bound);
            return clipped.with(BELOW, below);
        }
    }

    /** Accepts only what the accountant assumes. */
    @Override
    public void verify(Parts parts) {
        Check.that(
                parts.selector().equals(selector()),
                "selector under central differential privacy",
                selector() + ", for its noise is accounted for so sampled cohorts",
                parts.selector());
        sampling.expectedCohort(parts.data().clients().size());
        if (sampling instanceof SamplingScheme.FixedSize) {
            Check.that(
                    parts.cohortSize() == cohortSize(),
                    "cohortSize",
                    "that which is accounted for, " + cohortSize(),
                    parts.cohortSize());
        }
        Check.that(
                parts.aggregator().equals(aggregator()),
                "aggregator under central differential privacy",
                "CentralDp, for a mean with other weights has another sensitivity",
                parts.aggregator().getClass().getSimpleName());
        Check.that(
                parts.uploadTransform().last().equals(upload()),
                "last upload transform under central differential privacy",
                "the clipping it sets",
                parts.uploadTransform().last());
        requirePlainRounds("central differential privacy", parts);
    }

    /** Refuses what decides about updates by other things than the update alone, or instead of the aggregator. */
    public static void requirePlainRounds(String algorithm, Parts parts) {
        Check.that(
                parts.updates().equals(UpdatePolicy.all()),
                "update policy under " + algorithm,
                "UpdatePolicy.all(), for cohorts must be as they were drawn",
                parts.updates());
        Check.that(
                parts.servers().isEmpty(),
                "server under " + algorithm,
                "the composed one, which asks the aggregator",
                "another");
        Noise.requireNoBuffers(parts.layout());
    }

    /** The server's half; alone it would report an epsilon that nothing has checked. */
    Aggregator aggregator() {
        return new CentralDpAggregator(this);
    }

    private record CentralDpAggregator(CentralDp dp) implements Aggregator, RunCheck {
        /** For runs whose builder was configured without {@link SimulationBuilder#algorithm}. */
        @Override
        public void verify(Algorithm.Parts parts) {
            dp.verify(parts);
        }

        @Override
        public boolean sendsAttachments() {
            return true;
        }

        @Override
        public Map<String, NDArray> attachments(ServerState state) {
            float bound = (float) dp.clipping.bound(state.strategy());
            return Map.of(
                    BOUND, Tensors.create(state.model().floats().getManager(), new float[] {bound}, new Shape(1)));
        }

        @Override
        public Aggregation begin(RoundContext round, ServerState state) {
            Noise.requireNoBuffers(state.model().layout());
            return dp.new NoisySum(round, state);
        }
    }

    private final class NoisySum implements Aggregation {
        private final RoundContext round;
        private final ServerState state;
        private final double bound;
        private final ParameterVector sum;
        private int count;
        private int below;

        NoisySum(RoundContext round, ServerState state) {
            this.round = round;
            this.state = state;
            bound = (float) clipping.bound(state.strategy()); // as clients received it
            sum = ParameterVector.zeros(
                    state.model().layout(), state.model().floats().getManager());
        }

        @Override
        public Admission onModelUpdate(ModelUpdate update) {
            return update.facts().find(BELOW).isPresent()
                    ? Admission.accepted()
                    : Admission.rejected(RejectionReason.REFUSED, "facts must have " + BELOW.name() + ", but did not");
        }

        @Override
        public void add(ModelUpdate update) {
            NormClipping.addClipped(sum, update.delta(), bound);
            count++;
            below += update.facts().get(BELOW) ? 1 : 0;
        }

        @Override
        public void merge(Aggregation other) {
            NoisySum part = (NoisySum) other;
            sum.addScaledInPlace(part.sum, 1);
            count += part.count;
            below += part.below;
        }

        @Override
        public Aggregate combine() {
            double deviation = clipping.sumMultiplier(noiseMultiplier) * bound;
            double expected = sampling.expectedCohort(round.clientCount());
            Noise.addGaussian(sum.trainable(), deviation, noise.generator(round.seed("privacy noise")));
            sum.trainable().divi(expected);
            double spent = spent(round.number());
            StrategyState next = clipping.after(
                    terms().agreed(round, state.strategy(), state.strategy()),
                    below,
                    count,
                    expected,
                    noise,
                    round.seed("privacy noise of the count"));
            LOG.atDebug()
                    .addKeyValue("round", round.number())
                    .addKeyValue("epsilon", spent)
                    .addKeyValue("bound", bound)
                    .addKeyValue("nextBound", clipping.bound(next))
                    .addKeyValue("deviation", deviation)
                    .log("released a noisy sum");
            Metrics metrics = Metrics.of("privacy/epsilon", spent, 1)
                    .merge(Metrics.of("privacy/clipping bound", bound, 1))
                    .merge(Metrics.of("privacy/noise deviation", deviation / expected, 1));
            return new Aggregate(Optional.of(sum), next, metrics);
        }
    }
}
