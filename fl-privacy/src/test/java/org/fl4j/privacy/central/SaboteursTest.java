package org.fl4j.privacy.central;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.UpdateTransform;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.privacy.accounting.GaussianMechanism;
import org.fl4j.privacy.accounting.Mechanism;
import org.fl4j.privacy.accounting.PrivacyBudget;
import org.fl4j.privacy.accounting.PrivacyEvent;
import org.fl4j.privacy.accounting.RdpAccountant;
import org.fl4j.privacy.accounting.SamplingScheme;
import org.fl4j.privacy.audit.AuditReport;
import org.fl4j.privacy.audit.CanaryAudit;
import org.fl4j.privacy.noise.NoiseSource;
import org.fl4j.random.Seed;
import org.fl4j.server.UpdateIntake;
import org.fl4j.server.UpdatePolicy;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;

/**
 * Properties that central differential privacy stands on, and mechanisms that each break one of them: the true one
 * passes every check, each saboteur is caught by the check that is there for it.
 */
class SaboteursTest extends TensorTest {
    private static final int CLIENTS = 40;
    private static final double RATE = .25;
    private static final double EXPECTED = RATE * CLIENTS;
    private static final double MULTIPLIER = 1.5;
    private static final double BOUND = 2;
    private static final ClippingRule.Quantile AUDITED = new ClippingRule.Quantile(BOUND, .5, .2, .75);
    private static final double AUDITED_MULTIPLIER = 1;
    private static final double AUDIT_DELTA = .1; // large, so that few runs show much
    private static final int AUDIT_RUNS = 4000;
    private static final ClippingRule RULE = new ClippingRule.Quantile(BOUND, .5, .2, 2);
    private static final double SUM_MULTIPLIER = RULE.sumMultiplier(MULTIPLIER);
    private static final RdpAccountant ACCOUNTANT = new RdpAccountant();
    private static final double DELTA = 1e-5;
    private static final int MANY = 20_000;

    /** What is looked at from outside. */
    private class Subject {
        private final NoiseSource noise;

        Subject(NoiseSource noise) {
            this.noise = noise;
        }

        CentralDp dp() {
            return new CentralDp(RULE, MULTIPLIER, RATE, new PrivacyBudget(100, DELTA, ACCOUNTANT), noise);
        }

        List<ClientId> cohort(int round) {
            return dp().selector()
                    .select(ClientDirectory.ofRange(CLIENTS, i -> 1), 10, context(round), StrategyState.empty());
        }

        /**
         * The mean that a round releases of what its clients made, through clipping on the client and the aggregator.
         */
        double[] released(int round, int size, List<double[]> made) {
            return run(round, size, made).values().stream().mapToDouble(x -> x).toArray();
        }

        double nextBound(List<double[]> made) {
            return run(1, made.get(0).length, made).bound();
        }

        double epsilon(int rounds) {
            return run(rounds, 1, List.of()).epsilon();
        }

        CentralDp audited() {
            return new CentralDp(
                    AUDITED,
                    AUDITED_MULTIPLIER,
                    RATE,
                    new PrivacyBudget(100, DELTA, new RdpAccountant(2, 4, 8)),
                    noise);
        }

        CanaryAudit audit() {
            return audited().audit(CLIENTS);
        }

        final Released run(int round, int size, List<double[]> made) {
            try (NDScope scope = new NDScope()) {
                scope.suppressNotUsedWarning();
                CentralDp dp = dp();
                ServerState state = new ServerState(round - 1, vector(new double[size]), earlier(dp, round));
                Aggregation aggregation = dp.aggregator().begin(context(round), state);
                List<ModelUpdate> sent = new ArrayList<>();
                for (int i = 0; i < made.size(); i++) {
                    TrainingTask task = new TrainingTask(
                            context(round).ticket(new ClientId(i)),
                            round - 1,
                            state.model(),
                            dp.aggregator().attachments(state));
                    sent.add(dp.upload()
                            .transform(
                                    new ModelUpdate(
                                            new ClientId(i),
                                            round - 1,
                                            1 + 100L * i,
                                            1,
                                            vector(made.get(i)),
                                            Metrics.none()),
                                    task));
                }
                new UpdateIntake(state, UpdatePolicy.all()).take(sent, aggregation::onModelUpdate, aggregation::add);
                var aggregate = aggregation.combine();
                float[] floats = values(aggregate.delta().orElseThrow());
                List<Double> values = new ArrayList<>();
                for (float value : floats) {
                    values.add((double) value);
                }
                return new Released(
                        values,
                        RULE.bound(aggregate.strategy()),
                        aggregate.metrics().value("privacy/epsilon"));
            }
        }

        private StrategyState earlier(CentralDp dp, int round) {
            return round == 1
                    ? StrategyState.empty()
                    : dp.aggregator()
                            .begin(context(1), state(vector(0)))
                            .combine()
                            .strategy()
                            .with("privacy/central-dp/rounds", round - 1);
        }
    }

    private record Released(List<Double> values, double bound, double epsilon) {}

    private static RoundContext context(int round) {
        return new RoundContext(round, new Seed(3), CLIENTS);
    }

    private static PrivacyEvent event(double multiplier, int rounds) {
        return new PrivacyEvent(new Mechanism.Gaussian(multiplier), new SamplingScheme.Poisson(RATE), rounds);
    }

    private static double norm(double... values) {
        return Math.sqrt(Arrays.stream(values).map(x -> x * x).sum());
    }

    private static double[] difference(double[] a, double[] b) {
        double[] difference = a.clone();
        for (int i = 0; i < a.length; i++) {
            difference[i] -= b[i];
        }
        return difference;
    }

    private static List<double[]> zeros(int count, int size) {
        List<double[]> zeros = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            zeros.add(new double[size]);
        }
        return zeros;
    }

    // the checks

    private static void noiseIsOfTheRightSize(Subject subject) {
        double deviation = norm(subject.released(1, MANY, zeros(8, MANY))) / Math.sqrt(MANY);
        double expected = SUM_MULTIPLIER * BOUND / EXPECTED;
        assertThat(deviation).isCloseTo(expected, within(6 * expected / Math.sqrt(2.0 * MANY)));
    }

    private static void noiseDoesNotTellTheCohort(Subject subject) {
        double one = norm(subject.released(1, MANY, zeros(1, MANY)));
        assertThat(norm(subject.released(1, MANY, zeros(20, MANY)))).isCloseTo(one, within(.05 * one));
        assertThat(norm(subject.released(1, MANY, zeros(0, MANY)))).isCloseTo(one, within(.05 * one));
    }

    private static void oneClientMovesTheSumByTheBoundAtMost(Subject subject) {
        List<double[]> others = List.of(new double[] {.1, .2, -.3, .4}, new double[] {3, 0, -1, 1});
        double[] without = subject.released(1, 4, others);
        for (double[] wild : new double[][] {
            {5, 0, 0, 5},
            {1e30, -1e30, 1e30, 1},
            {0, 0, 0, 1e-30},
            {Double.NaN, 1, 1, 1},
            {Double.POSITIVE_INFINITY, 0, 0, 0}
        }) {
            List<double[]> with = new ArrayList<>(others);
            with.add(wild);
            double moved = norm(difference(subject.released(1, 4, with), without)) * EXPECTED;
            assertThat(moved).as(Arrays.toString(wild)).isLessThanOrEqualTo(BOUND * (1 + 1e-5)); // rounding of the sums
        }
    }

    private static void everyRoundHasNoiseOfItsOwn(Subject subject) {
        double[] first = subject.released(1, MANY, zeros(1, MANY));
        double[] second = subject.released(2, MANY, zeros(1, MANY));
        double product = 0;
        for (int i = 0; i < MANY; i++) {
            product += first[i] * second[i];
        }
        assertThat(product / norm(first) / norm(second)).isCloseTo(0, within(6.1 / Math.sqrt(MANY)));
    }

    private static void cohortsAreDrawnByCoins(Subject subject) {
        double square = 0;
        int rounds = 2000;
        for (int round = 1; round <= rounds; round++) {
            square += Math.pow(subject.cohort(round).size() - EXPECTED, 2);
        }
        double variance = CLIENTS * RATE * (1 - RATE);
        assertThat(square / rounds).isCloseTo(variance, within(6 * variance * Math.sqrt(2.0 / rounds)));
    }

    private static void theBoundGrowsWhereUpdatesAreLonger(Subject subject) {
        List<double[]> longer = new ArrayList<>();
        List<double[]> shorter = new ArrayList<>();
        for (int i = 0; i < 30; i++) { // so many that the count's noise cannot turn it
            longer.add(new double[] {9, 9});
            shorter.add(new double[] {.1, .1});
        }
        assertThat(subject.nextBound(longer)).isGreaterThan(BOUND);
        assertThat(subject.nextBound(shorter)).isLessThan(BOUND);
    }

    private static void theWholeRoundIsAccountedFor(Subject subject) {
        assertThat(subject.epsilon(10)).isEqualTo(ACCOUNTANT.epsilon(List.of(event(MULTIPLIER, 10)), DELTA));
        double combined = Math.pow(SUM_MULTIPLIER, -2) + Math.pow(2 * 2, -2); // of the sum, and of the centred count
        assertThat(1 / Math.sqrt(combined)).isCloseTo(MULTIPLIER, within(1e-12));
    }

    /**
     * A canary attacks the next bound alone, and the whole round. Each report contradicts a right mechanism with a
     * probability of 1e-4 at most, so the check raises a false alarm with 2e-4 at most.
     */
    private static void noAttackShowsMoreThanWasProved(Subject subject) {
        CanaryAudit audit = subject.audit();
        AuditReport ofBound = report(audit.seeing(CanaryAudit.View.ATTACHMENTS), AUDITED.countMultiplier());
        assertThat(ofBound.contradicts()).as(ofBound.toString()).isFalse();
        AuditReport ofRound = report(audit, AUDITED_MULTIPLIER);
        assertThat(ofRound.contradicts()).as(ofRound.toString()).isFalse();
    }

    private static AuditReport report(CanaryAudit audit, double multiplier) {
        double proved = GaussianMechanism.epsilon(multiplier, AUDIT_DELTA);
        return audit.twoWorlds(AUDIT_RUNS, proved, AUDIT_DELTA, /* confidence= */ 1 - 1e-4, new Seed(1));
    }

    private static final List<Consumer<Subject>> CHECKS = List.of(
            SaboteursTest::noiseIsOfTheRightSize,
            SaboteursTest::noiseDoesNotTellTheCohort,
            SaboteursTest::oneClientMovesTheSumByTheBoundAtMost,
            SaboteursTest::everyRoundHasNoiseOfItsOwn,
            SaboteursTest::cohortsAreDrawnByCoins,
            SaboteursTest::theBoundGrowsWhereUpdatesAreLonger,
            SaboteursTest::theWholeRoundIsAccountedFor,
            SaboteursTest::noAttackShowsMoreThanWasProved);

    @Test
    void theTrueMechanismPasses() {
        CHECKS.forEach(check -> check.accept(new Subject(NoiseSource.seeded())));
    }

    // the saboteurs

    private record Saboteur(String name, Subject subject, Consumer<Subject> caughtBy) {
        @Override
        public String toString() {
            return name;
        }
    }

    private record Halved(RandomGenerator random) implements RandomGenerator {
        @Override
        public long nextLong() {
            return random.nextLong();
        }

        @Override
        public double nextGaussian() {
            return random.nextGaussian() / 2;
        }
    }

    private record Silence() implements RandomGenerator {
        @Override
        public long nextLong() {
            return 0;
        }

        @Override
        public double nextGaussian() {
            return 0;
        }
    }

    /** Changes what a round releases, knowing what it would be without noise too. */
    private abstract class Forged extends Subject {
        Forged() {
            super(NoiseSource.seeded());
        }

        abstract double[] forged(double[] sum, double[] noise, List<double[]> made);

        @Override
        double[] released(int round, int size, List<double[]> made) {
            double[] quiet = new Subject(seed -> new Silence()).released(round, size, made);
            double[] noise = difference(super.released(round, size, made), quiet);
            return forged(quiet, noise, made);
        }
    }

    @FunctionalInterface
    private interface Forgery {
        double[] forged(double[] mean, double[] noise, List<double[]> made);
    }

    private Subject forged(Forgery forgery) {
        return new Forged() {
            @Override
            double[] forged(double[] mean, double[] noise, List<double[]> made) {
                return forgery.forged(mean, noise, made);
            }
        };
    }

    /**
     * Releases a bound whose noise is only a share of what it should be: between the honest bound and the one without
     * noise.
     */
    private record WeakCount(Aggregator honest, Aggregator silent, double share) implements Aggregator {
        private static final String BOUND = "privacy/clipping bound";

        @Override
        public Aggregation begin(RoundContext round, ServerState state) {
            Aggregation noisy = honest.begin(round, state);
            Aggregation quiet = silent.begin(round, state);
            return new Aggregation() {
                @Override
                public void add(ModelUpdate update) {
                    noisy.add(update);
                    quiet.add(update);
                }

                @Override
                public void merge(Aggregation other) {
                    throw new UnsupportedOperationException("an audit adds all updates to one aggregation");
                }

                @Override
                public Aggregate combine() {
                    Aggregate right = noisy.combine();
                    double loud = Math.log(AUDITED.bound(right.strategy()));
                    double still = Math.log(AUDITED.bound(quiet.combine().strategy()));
                    double bound = Math.exp(still + share * (loud - still));
                    return new Aggregate(right.delta(), right.strategy().with(BOUND, bound), right.metrics());
                }
            };
        }

        @Override
        public Map<String, NDArray> attachments(ServerState state) {
            return honest.attachments(state);
        }

        @Override
        public boolean sendsAttachments() {
            return honest.sendsAttachments();
        }
    }

    private Subject withCountNoise(double share) {
        return new Subject(NoiseSource.seeded()) {
            @Override
            CanaryAudit audit() {
                Aggregator silent = new Subject(seed -> new Silence()).audited().aggregator();
                Aggregator weak = new WeakCount(audited().aggregator(), silent, share);
                return new CanaryAudit(weak, audited().upload(), CLIENTS);
            }
        };
    }

    private static double[] sum(double[] a, double[] b, double scale) {
        double[] sum = a.clone();
        for (int i = 0; i < a.length; i++) {
            sum[i] += scale * b[i];
        }
        return sum;
    }

    /** The mean of what each client made, clipped by something else. */
    private static double[] mean(int size, List<double[]> made, UnaryOperator<double[]> clip) {
        double[] mean = new double[size];
        for (double[] update : made) {
            mean = sum(mean, clip.apply(update), 1 / EXPECTED);
        }
        return mean;
    }

    private static double[] clipped(double bound, double... values) {
        double norm = norm(values);
        return !Double.isFinite(norm) || norm > 1e15
                ? new double[values.length]
                : sum(new double[values.length], values, Math.min(1, bound / norm));
    }

    private Stream<Saboteur> saboteurs() {
        Consumer<Subject> size = SaboteursTest::noiseIsOfTheRightSize;
        Consumer<Subject> cohort = SaboteursTest::noiseDoesNotTellTheCohort;
        Consumer<Subject> sensitivity = SaboteursTest::oneClientMovesTheSumByTheBoundAtMost;
        return Stream.of(
                new Saboteur("half the noise", new Subject(seed -> new Halved(seed.generator())), size),
                new Saboteur(
                        "noise in proportion to the actual cohort",
                        forged((mean, noise, made) -> sum(mean, noise, made.size() / EXPECTED)),
                        cohort),
                new Saboteur(
                        "clipping after the noise",
                        forged((mean, noise, made) ->
                                clipped(BOUND / EXPECTED, sum(mean(mean.length, made, x -> x), noise, 1))),
                        size),
                new Saboteur(
                        "layers clipped to the whole bound each",
                        forged((mean, noise, made) -> sum(
                                mean(mean.length, made, x -> {
                                    double[] first = clipped(BOUND, Arrays.copyOf(x, x.length / 2));
                                    double[] rest = clipped(BOUND, Arrays.copyOfRange(x, x.length / 2, x.length));
                                    double[] both = Arrays.copyOf(first, x.length);
                                    System.arraycopy(rest, 0, both, first.length, rest.length);
                                    return both;
                                }),
                                noise,
                                1)),
                        sensitivity),
                new Saboteur(
                        "weights above 1",
                        forged((mean, noise, made) -> sum(sum(new double[mean.length], mean, 1.2), noise, 1)),
                        sensitivity),
                new Saboteur(
                        "the actual cohort as denominator",
                        forged((mean, noise, made) ->
                                sum(new double[mean.length], sum(mean, noise, 1), EXPECTED / Math.max(1, made.size()))),
                        cohort),
                new Saboteur(
                        "no noise in empty rounds",
                        forged((mean, noise, made) -> made.isEmpty() ? mean : sum(mean, noise, 1)),
                        cohort),
                new Saboteur(
                        "one seed for all rounds",
                        new Subject(seed -> new Seed(1).generator()),
                        SaboteursTest::everyRoundHasNoiseOfItsOwn),
                new Saboteur(
                        "a broken update that passes",
                        forged((mean, noise, made) -> sum(
                                mean, made.get(made.size() - 1), Double.isNaN(made.get(made.size() - 1)[0]) ? 1 : 0)),
                        sensitivity),
                new Saboteur(
                        "adaptive clipping with the sign turned",
                        new Subject(NoiseSource.seeded()) {
                            @Override
                            double nextBound(List<double[]> made) {
                                return BOUND * BOUND / super.nextBound(made);
                            }
                        },
                        SaboteursTest::theBoundGrowsWhereUpdatesAreLonger),
                new Saboteur(
                        "accounting by the sum alone",
                        new Subject(NoiseSource.seeded()) {
                            @Override
                            double epsilon(int rounds) {
                                return ACCOUNTANT.epsilon(List.of(event(SUM_MULTIPLIER, rounds)), DELTA);
                            }
                        },
                        SaboteursTest::theWholeRoundIsAccountedFor),
                new Saboteur(
                        "cohorts of a fixed size accounted for as coins",
                        new Subject(NoiseSource.seeded()) {
                            @Override
                            List<ClientId> cohort(int round) {
                                return new FixedSizeSelector((int) EXPECTED, CLIENTS)
                                        .select(
                                                ClientDirectory.ofRange(CLIENTS, i -> 1),
                                                (int) EXPECTED,
                                                context(round),
                                                StrategyState.empty());
                            }
                        },
                        SaboteursTest::cohortsAreDrawnByCoins),
                new Saboteur(
                        "half the noise of the count",
                        withCountNoise(.5),
                        SaboteursTest::noAttackShowsMoreThanWasProved),
                new Saboteur(
                        "a count without noise", withCountNoise(0), SaboteursTest::noAttackShowsMoreThanWasProved));
    }

    @Test
    void everySaboteurIsCaught() {
        List<Saboteur> all = saboteurs().toList();
        assertThat(all).hasSize(14);
        for (Saboteur saboteur : all) {
            assertThatThrownBy(() -> saboteur.caughtBy().accept(saboteur.subject()))
                    .as(saboteur.name())
                    .isInstanceOf(AssertionError.class);
        }
    }

    /**
     * With half the noise of the count, the worlds are 1.53 standard deviations apart instead of 1. An attacker who
     * sees model and bound shows it, with a probability of 1e-4 at most that a report is wrong. One who sees the model
     * alone does not.
     */
    @Test
    void theWholeRoundShowsThatTheCountHasTooLittleNoise() {
        AuditReport right = report(new Subject(NoiseSource.seeded()).audit(), AUDITED_MULTIPLIER);
        assertThat(right.contradicts()).as(right.toString()).isFalse();
        assertThat(right.shown()).isGreaterThan(.3 * right.proved());
        for (double share : new double[] {0, .5}) {
            CanaryAudit audit = withCountNoise(share).audit();
            AuditReport seen = report(audit, AUDITED_MULTIPLIER);
            assertThat(seen.contradicts()).as(seen.toString()).isTrue();
            AuditReport ofModel = report(audit.seeing(CanaryAudit.View.MODEL), AUDITED_MULTIPLIER);
            assertThat(ofModel.contradicts())
                    .as("the model tells nothing of the count: %s", ofModel)
                    .isFalse();
        }
    }

    @Test
    void onlyAttachmentsThatAreSentCanBeAudited() {
        Aggregator silent = (round, state) -> {
            throw new AssertionError("is not asked");
        };
        assertThatThrownBy(() -> new CanaryAudit(silent, UpdateTransform.none(), 1, CanaryAudit.View.ATTACHMENTS))
                .hasMessageMatching("aggregator whose attachments are audited must be one that sends some, but was .*");
    }
}
