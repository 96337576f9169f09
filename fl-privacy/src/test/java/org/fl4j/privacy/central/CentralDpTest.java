package org.fl4j.privacy.central;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.types.Shape;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.fl4j.client.LocalTraining;
import org.fl4j.core.Admission;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ListAggregator;
import org.fl4j.core.UpdateTransform;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.Partitioners;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.ServerState;
import org.fl4j.message.StrategyState;
import org.fl4j.model.Models;
import org.fl4j.privacy.accounting.GaussianMechanism;
import org.fl4j.privacy.accounting.Mechanism;
import org.fl4j.privacy.accounting.PldAccountant;
import org.fl4j.privacy.accounting.PrivacyBudget;
import org.fl4j.privacy.accounting.PrivacyEvent;
import org.fl4j.privacy.accounting.RdpAccountant;
import org.fl4j.privacy.accounting.SamplingScheme;
import org.fl4j.privacy.audit.AuditReport;
import org.fl4j.privacy.noise.NoiseSource;
import org.fl4j.random.Seed;
import org.fl4j.server.UpdatePolicy;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CentralDpTest extends TensorTest {
    private static final PrivacyBudget LARGE = new PrivacyBudget(50, 1e-5, new RdpAccountant());

    private static CentralDp silent(double bound, double rate) {
        return new CentralDp(ClippingRule.fixed(bound), 1e-9 + .5, rate, LARGE, seed -> new Silence());
    }

    /** Noise that is always 0. */
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

    private static ModelUpdate sent(ModelUpdate update, boolean below) {
        return update.with(CentralDp.BELOW, below);
    }

    private Aggregate combine(CentralDp dp, double[]... deltas) {
        return combine(dp, state(vector(new double[deltas.length == 0 ? 2 : deltas[0].length])), deltas);
    }

    private Aggregate combine(CentralDp dp, ServerState state, double[]... deltas) {
        Aggregation aggregation = dp.aggregator().begin(round(), state);
        for (int i = 0; i < deltas.length; i++) {
            ModelUpdate update = update(i, 1 + 100 * i, vector(deltas[i]));
            aggregation.add(sent(update, update.delta().norm() <= dp.clipping().bound(state.strategy())));
        }
        return aggregation.combine();
    }

    /**
     * Three of ten expected clients, clipped to 1: sum [.3, 2], denominator .3 x 10 clients. Example counts do not
     * count.
     */
    @Test
    void clipsAndDividesByTheExpectedCohort() {
        Aggregate aggregate = combine(silent(1, .3), new double[] {3, 4}, new double[] {.3, .4}, new double[] {-6, 8});
        assertThat(values(aggregate.delta().orElseThrow()))
                .containsExactly(new float[] {.1f, .6666667f}, within(1e-6f));
        Aggregate alone = combine(silent(1, .3), new double[][] {{3, 4}});
        assertThat(values(alone.delta().orElseThrow())).containsExactly(new float[] {.2f, .2666667f}, within(1e-6f));
    }

    @Test
    void addsNoiseEvenIfNobodyTookPart() {
        CentralDp dp = new CentralDp(ClippingRule.fixed(2), 3, .5, LARGE, NoiseSource.seeded());
        ServerState state = state(vector(new double[20_000]));
        float[] noise = values(combine(dp, state).delta().orElseThrow());
        double square = 0;
        for (float value : noise) {
            square += (double) value * value;
        }
        double expected = 3 * 2 / (.5 * 10);
        // six standard errors of the variance
        assertThat(square / noise.length).isCloseTo(expected * expected, within(.06 * expected * expected));
        assertThat(values(combine(dp, state).delta().orElseThrow())).containsExactly(noise); // of the same round
        ServerState next = new ServerState(1, state.model(), combine(dp, state).strategy());
        Aggregation nextRound = dp.aggregator().begin(round(2), next);
        assertThat(values(nextRound.combine().delta().orElseThrow())).isNotEqualTo(noise);
    }

    /** One client more moves the sum by the bound at most, whatever it sends. */
    @Test
    void noClientMovesTheSumByMoreThanTheBound() {
        RandomGenerator random = new Seed(4).generator();
        for (int run = 0; run < 300; run++) {
            double scale = Math.pow(10, random.nextDouble(-30, 30));
            double[] wild = random.doubles(4, -scale, scale).toArray();
            double[] other = random.doubles(4, -1, 1).toArray();
            float[] with = values(combine(silent(.7, 1), other, wild).delta().orElseThrow());
            float[] without = values(
                    combine(silent(.7, 1), new double[][] {other}).delta().orElseThrow());
            double square = 0;
            for (int i = 0; i < 4; i++) {
                square += Math.pow((double) with[i] - without[i], 2);
            }
            assertThat(Math.sqrt(square) * 10).isLessThanOrEqualTo(.7 * (1 + 1e-5)); // rounding of the sums
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1, 5, 1.005037815259212",
        "1, 1, 1.154700538379252",
        "3, 5, 3.144854510165755",
        ".5, 10, .5001563232803553",
        "1, 2.5, 1.020620726159658"
    })
    void splitsNoiseBetweenSumAndCount(double multiplier, double countDeviation, double expected) {
        assertThat(new ClippingRule.Quantile(.1, .5, .2, countDeviation).sumMultiplier(multiplier))
                .isCloseTo(expected, within(1e-12));
    }

    /** Trajectories of TensorFlow Privacy's own tests, without noise on the count. */
    @Test
    void theBoundFollowsTheQuantile() {
        assertTrajectory(new ClippingRule.Quantile(16, 0, Math.log(2), 1), new double[] {5, 2.5}, 8, 4, 2.828427, 2);
        assertTrajectory(new ClippingRule.Quantile(.5, 1, Math.log(2), 1), new double[] {1.5, 3}, 1, 2, 2.828427, 4);
    }

    private static void assertTrajectory(ClippingRule rule, double[] norms, double... expected) {
        StrategyState state = StrategyState.empty();
        for (double bound : expected) {
            int below = 0;
            for (double norm : norms) {
                below += norm <= rule.bound(state) ? 1 : 0;
            }
            state = rule.after(state, below, norms.length, norms.length, seed -> new Silence(), new Seed(1));
            assertThat(rule.bound(state)).isCloseTo(bound, within(1e-6));
        }
    }

    @ParameterizedTest
    @CsvSource({"1", "10"})
    void theBoundFindsTheMedianOfUniformLengths(double initial) {
        ClippingRule rule = new ClippingRule.Quantile(initial, .5, .2, 5);
        StrategyState state = StrategyState.empty();
        for (int round = 0; round < 200; round++) {
            int below = (int) Math.round(100 * Math.min(1, rule.bound(state) / 10));
            state = rule.after(state, below, 100, 100, NoiseSource.seeded(), new Seed(round));
        }
        assertThat(rule.bound(state)).isCloseTo(5, within(.5));
    }

    @Test
    void samplesEachClientByACoinOfItsOwn() {
        PoissonSelector selector = new PoissonSelector(.03);
        ClientDirectory clients = ClientDirectory.ofRange(200, index -> 1);
        int[] chosen = new int[200];
        double sum = 0;
        double square = 0;
        int rounds = 20_000;
        for (int round = 1; round <= rounds; round++) {
            var cohort = selector.select(clients, 5, round(round), StrategyState.empty());
            assertThat(cohort).isSorted();
            cohort.forEach(client -> chosen[client.index()]++);
            sum += cohort.size();
            square += Math.pow(cohort.size() - 6, 2);
        }
        // six standard errors of mean and variance of a binomial; the same for each client's count
        assertThat(sum / rounds).isCloseTo(6, within(6 * Math.sqrt(5.82 / rounds)));
        assertThat(square / rounds).isCloseTo(5.82, within(.4));
        for (int count : chosen) {
            assertThat(count / (double) rounds).isCloseTo(.03, within(6 * Math.sqrt(.03 * .97 / rounds)));
        }
        assertThat(new PoissonSelector(1).select(clients, 1, round(), StrategyState.empty()))
                .hasSize(200);
    }

    private SimulationBuilder run(Dataset digits, Algorithm dp) {
        return Simulation.builder()
                .algorithm(dp)
                .task(Models.softmaxRegression(new Shape(1, 28, 28), 10))
                .data(digits.federated(
                        Partitioners.iid().partition(digits.train().classIndices(), 40, new Seed(1))))
                .testData(digits.test())
                .training(LocalTraining.sgd(.1))
                .rounds(6)
                .seed(2);
    }

    @Test
    void reportsItsCostAndStopsBeforeTheBudgetIsOverspent(@TempDir Path directory) {
        Mechanism mechanism = new Mechanism.Gaussian(1.5);
        SamplingScheme sampling = new SamplingScheme.Poisson(.25);
        RdpAccountant accountant = new RdpAccountant();
        double four = accountant.epsilon(List.of(new PrivacyEvent(mechanism, sampling, 4)), 1e-5);
        CentralDp dp = new CentralDp(
                ClippingRule.quantile(10), 1.5 / 2, .25, new PrivacyBudget(8, 1e-5, accountant), NoiseSource.seeded());
        CentralDp exact = new CentralDp(
                ClippingRule.fixed(1), 1.5, .25, new PrivacyBudget(four, 1e-5, accountant), NoiseSource.seeded());
        try (Dataset digits = Digits.generate(400, 100, new Seed(1));
                RunResult result = run(digits, exact).build().run();
                RunResult adaptive = run(digits, dp).workers(3).build().run();
                RunResult again = run(digits, dp).workers(1).build().run();
                RunResult half = run(digits, exact)
                        .rounds(2)
                        .checkpoints(directory, 1)
                        .build()
                        .run();
                RunResult resumed = run(digits, exact)
                        .checkpoints(directory, 1)
                        .resume(true)
                        .build()
                        .run()) {
            assertThat(result.end()).isEqualTo(RunResult.End.STOPPED_EARLY);
            assertThat(result.history()).hasSize(4);
            double before = 0;
            for (RoundReport report : result.history()) {
                double epsilon = report.metrics().value("privacy/epsilon");
                assertThat(epsilon).isGreaterThan(before);
                before = epsilon;
            }
            assertThat(before).isCloseTo(four, within(1e-12));
            assertThat(half.finalMetrics().value("privacy/epsilon")).isLessThan(before);
            assertThat(resumed.stateSha256()).isEqualTo(result.stateSha256());
            assertThat(resumed.finalMetrics().value("privacy/epsilon")).isEqualTo(before);
            assertThat(adaptive.stateSha256()).isEqualTo(again.stateSha256());
            assertThat(adaptive.finalMetrics().value("privacy/clipping bound")).isNotEqualTo(.1);
        }
    }

    @Test
    void refusesWhatTheAccountantDoesNotAssume() {
        CentralDp dp = silent(1, .25);
        try (Dataset digits = Digits.generate(400, 100, new Seed(1))) {
            assertThatThrownBy(() -> run(digits, dp)
                            .selector((available, count, round, state) -> List.of())
                            .build())
                    .hasMessageStartingWith("selector under central differential privacy must be"
                            + " PoissonSelector[rate=0.25], for its noise is accounted for so sampled cohorts");
            assertThatThrownBy(() -> run(digits, dp)
                            .aggregator(
                                    new ListAggregator(updates -> updates.get(0).delta()))
                            .build())
                    .hasMessage("aggregator under central differential privacy must be CentralDp, for a mean with other"
                            + " weights has another sensitivity, but was ListAggregator");
            assertThatThrownBy(() -> run(digits, dp)
                            .updates(UpdatePolicy.all().bufferSize(3))
                            .build())
                    .hasMessageStartingWith(
                            "update policy under central differential privacy must be UpdatePolicy.all(), for cohorts"
                                    + " must be as they were drawn, but was UpdatePolicy[minimumUpdates=0, bufferSize=3");
            assertThatThrownBy(() -> run(digits, dp)
                            .uploadTransform(UpdateTransform.none())
                            .build())
                    .hasMessageStartingWith(
                            "last upload transform under central differential privacy must be the clipping it sets");
            assertThatThrownBy(() ->
                            run(digits, dp).server((server, run) -> server).build())
                    .hasMessage("server under central differential privacy must be the composed one, which asks the"
                            + " aggregator, but was another");
        }
        assertThatThrownBy(() -> dp.aggregator().begin(round(), state(vector(layoutWithBuffers(), 0, 0, 0, 0, 0))))
                .hasMessageStartingWith("model under differential privacy must be without buffers");
        PrivacyBudget tiny = new PrivacyBudget(.01, 1e-5, new RdpAccountant());
        assertThatThrownBy(() -> new CentralDp(ClippingRule.fixed(1), 1, 1, tiny, NoiseSource.seeded()))
                .hasMessageStartingWith("epsilon of one round must be within the budget, 0.01, but was ");
        assertThatThrownBy(() ->
                        new CentralDp(new ClippingRule.Quantile(.1, .5, .2, 1), 2, .1, LARGE, NoiseSource.seeded()))
                .hasMessage("noiseMultiplier must be below twice the countDeviation, 2.0, but was 2.0");
        Aggregation aggregation = dp.aggregator().begin(round(), state(vector(0)));
        assertThat(aggregation.onModelUpdate(update(0, 1, vector(1)))).isInstanceOf(Admission.Rejected.class);
    }

    /** Ten of forty clients in every round, accounted for as that: far dearer than by coins at the same rate. */
    @Test
    void cohortsOfAFixedSizeAreAccountedForAsSuch() {
        SamplingScheme fixed = new SamplingScheme.FixedSize(10, 40);
        RdpAccountant accountant = new RdpAccountant();
        CentralDp dp = new CentralDp(ClippingRule.fixed(1), 8, fixed, LARGE, NoiseSource.seeded());
        double cost = accountant.epsilon(List.of(new PrivacyEvent(new Mechanism.Gaussian(8), fixed, 3)), 1e-5);
        double byCoins = accountant.epsilon(
                List.of(new PrivacyEvent(new Mechanism.Gaussian(8), new SamplingScheme.Poisson(.25), 3)), 1e-5);
        assertThat(cost).isGreaterThan(2 * byCoins);
        try (Dataset digits = Digits.generate(400, 100, new Seed(1))) {
            try (RunResult one = run(digits, dp).rounds(3).workers(1).build().run();
                    RunResult three =
                            run(digits, dp).rounds(3).workers(3).build().run()) {
                assertThat(one.history())
                        .allSatisfy(round -> assertThat(round.cohort()).hasSize(10));
                assertThat(one.finalMetrics().value("privacy/epsilon")).isEqualTo(cost);
                assertThat(three.stateSha256()).isEqualTo(one.stateSha256());
            }
            assertThatThrownBy(() ->
                            run(digits, dp).selector(new PoissonSelector(.25)).build())
                    .hasMessageStartingWith("selector under central differential privacy must be"
                            + " FixedSizeSelector[cohort=10, population=40]");
            assertThatThrownBy(() -> run(digits, dp).cohortSize(9).build())
                    .hasMessage("cohortSize must be that which is accounted for, 10, but was 9");
            CentralDp others = new CentralDp(
                    ClippingRule.fixed(1), 8, new SamplingScheme.FixedSize(10, 50), LARGE, NoiseSource.seeded());
            assertThatThrownBy(() -> run(digits, others).build())
                    .hasMessage("clients must be the population of the sampling, 50, but was 40");
        }
        PrivacyBudget tight = new PrivacyBudget(8, 1e-5);
        assertThatThrownBy(() -> new CentralDp(ClippingRule.fixed(1), 8, fixed, tight, NoiseSource.seeded()))
                .hasMessage("sampling must be Poisson, or account with RdpAccountant, but was FixedSize[cohort=10,"
                        + " population=40]");
        ClientDirectory some = ClientDirectory.ofRange(40, index -> 1).without(Set.of(new ClientId(3)));
        assertThatThrownBy(() -> new FixedSizeSelector(10, 40).select(some, 10, round(), StrategyState.empty()))
                .hasMessage("clients that are available must be all, 40, for sampling is accounted for so, but was 39");
    }

    /** Rounds without noise in between would be charged as if they had had it. */
    @Test
    void refusesToResumeWithoutPrivacy(@TempDir Path directory) {
        CentralDp dp = new CentralDp(ClippingRule.fixed(1), 1, .25, LARGE, NoiseSource.seeded());
        try (Dataset digits = Digits.generate(400, 100, new Seed(1))) {
            run(digits, dp).rounds(2).checkpoints(directory, 1).build().run().close();
            Simulation without = run(digits, parts -> parts)
                    .selector((available, count, round, state) -> List.of(available.id(0)))
                    .aggregator(new ListAggregator(updates -> updates.get(0).delta()))
                    .cohortSize(1)
                    .rounds(4)
                    .checkpoints(directory, 1)
                    .resume(true)
                    .build();
            assertThatThrownBy(without::run)
                    .hasMessageContaining(": cannot be resumed from with other settings: aggregator was"
                            + " org.fl4j.privacy.central.CentralDp$CentralDpAggregator when the run began and is"
                            + " org.fl4j.core.ListAggregator now");
        }
    }

    /**
     * To replace one moves the sum by 2 C and the centred count by 1: both twice what adding one does, so the split is
     * the same.
     */
    @Test
    void fixedSizesAndAdaptiveClippingGoTogether() {
        ClippingRule.Quantile rule = new ClippingRule.Quantile(2, .5, .2, 5);
        SamplingScheme fixed = new SamplingScheme.FixedSize(10, 40);
        CentralDp dp = new CentralDp(rule, 8, fixed, LARGE, NoiseSource.seeded());
        double sum = rule.sumMultiplier(8) / 2; // noise over the sensitivity
        double count = 5.0 / 1;
        assertThat(Math.pow(sum, -2) + Math.pow(count, -2)).isCloseTo(Math.pow(8.0 / 2, -2), within(1e-12));
        try (Dataset digits = Digits.generate(400, 100, new Seed(1));
                RunResult result = run(digits, dp).rounds(3).build().run()) {
            assertThat(result.finalMetrics().value("privacy/clipping bound")).isNotEqualTo(2);
        }
    }

    /** A run that is resumed with other noise would be charged as if all its rounds had had it. */
    @Test
    void refusesAResumeWithOtherNoise(@TempDir Path directory) {
        CentralDp little = new CentralDp(ClippingRule.fixed(1), 1, .25, LARGE, NoiseSource.seeded());
        CentralDp more = new CentralDp(ClippingRule.fixed(1), 2, .25, LARGE, NoiseSource.seeded());
        try (Dataset digits = Digits.generate(400, 100, new Seed(1))) {
            run(digits, little)
                    .rounds(2)
                    .checkpoints(directory, 1)
                    .build()
                    .run()
                    .close();
            Simulation resumed =
                    run(digits, more).checkpoints(directory, 1).resume(true).build();
            assertThatThrownBy(resumed::run)
                    .hasMessageContaining("aggregator.dp.noiseMultiplier was 1.0 when the run began and is 2.0 now");
        }
    }

    /** The sum has the split's multiplier, the accountant the whole one. */
    @Test
    void adaptiveRoundsAddTheNoiseOfTheSplit() {
        ClippingRule.Quantile rule = new ClippingRule.Quantile(2, .5, .2, 1);
        CentralDp dp = new CentralDp(rule, 1.5, .5, LARGE, NoiseSource.seeded());
        Aggregate aggregate = combine(dp, state(vector(new double[40_000])));
        double square = 0;
        for (float value : values(aggregate.delta().orElseThrow())) {
            square += (double) value * value;
        }
        double deviation = rule.sumMultiplier(1.5) * 2 / (.5 * 10); // 2.27 where z is 1.5
        assertThat(square / 40_000).isCloseTo(deviation * deviation, within(.05 * deviation * deviation));
        double charged = new RdpAccountant()
                .epsilon(
                        List.of(new PrivacyEvent(new Mechanism.Gaussian(1.5), new SamplingScheme.Poisson(.5), 1)),
                        1e-5);
        assertThat(aggregate.metrics().value("privacy/epsilon")).isEqualTo(charged);
    }

    /**
     * Of the logarithm of the bound's factor, {@code -rate (share - quantile)}: noise of deviation 4 over 100 expected
     * clients.
     */
    @Test
    void theCountHasItsNoise() {
        ClippingRule rule = new ClippingRule.Quantile(1, .5, .2, 4);
        double square = 0;
        int draws = 20_000;
        for (int i = 0; i < draws; i++) {
            StrategyState next = rule.after(StrategyState.empty(), 50, 100, 100, NoiseSource.seeded(), new Seed(i));
            square += Math.pow(Math.log(rule.bound(next)) / -.2, 2);
        }
        assertThat(square / draws).isCloseTo(.0016, within(.0016 * 6 * Math.sqrt(2.0 / draws)));
    }

    @Test
    void anEmptyRoundOfARunAddsNoise() {
        CentralDp rare = new CentralDp(ClippingRule.fixed(1), 1, .0001, LARGE, NoiseSource.seeded());
        try (Dataset digits = Digits.generate(400, 100, new Seed(1));
                RunResult one = run(digits, rare).rounds(1).build().run();
                RunResult two = run(digits, rare).rounds(2).build().run()) {
            assertThat(two.history())
                    .allSatisfy(round -> assertThat(round.cohort()).isEmpty());
            assertThat(two.state().model().sha256())
                    .isNotEqualTo(one.state().model().sha256());
        }
    }

    @Test
    void auditsOfWholeRoundsFindMissingNoiseAndPassTheRightOne() {
        double proved = GaussianMechanism.epsilon(1, 1e-5); // 4.377
        PrivacyBudget cheap = new PrivacyBudget(50, 1e-5, new RdpAccountant(2, 4, 8));
        CentralDp honest = new CentralDp(ClippingRule.fixed(1), 1, 1, cheap, NoiseSource.seeded());
        CentralDp halved = new CentralDp(ClippingRule.fixed(1), 1, 1, cheap, seed -> new Weak(seed.generator(), 2));
        CentralDp quartered = new CentralDp(ClippingRule.fixed(1), 1, 1, cheap, seed -> new Weak(seed.generator(), 4));
        AuditReport passed = honest.audit(10).twoWorlds(10_000, proved, 1e-5, .95, new Seed(1));
        assertThat(passed.contradicts()).as(passed.toString()).isFalse();
        assertThat(passed.shown()).isGreaterThan(1.5);
        AuditReport caught = halved.audit(10).twoWorlds(40_000, proved, 1e-5, .95, new Seed(1));
        assertThat(caught.contradicts()).as(caught.toString()).isTrue();
        CentralDp none = new CentralDp(ClippingRule.fixed(1), 1, 1, cheap, seed -> new Silence());
        AuditReport silent = none.audit(10).twoWorlds(2000, proved, 1e-5, .95, new Seed(1));
        assertThat(silent.contradicts()).as(silent.toString()).isTrue();
        AuditReport once = honest.audit(5000).oneRun(5000, 200, proved, 1e-5, .95, new Seed(1));
        assertThat(once.contradicts()).as(once.toString()).isFalse();
        assertThat(once.shown()).isGreaterThan(1);
        AuditReport onceCaught = quartered.audit(5000).oneRun(5000, 400, proved, 1e-5, .95, new Seed(1));
        assertThat(onceCaught.contradicts()).as(onceCaught.toString()).isTrue();
    }

    /** Noise that is a part of what it should be. */
    private record Weak(RandomGenerator random, double divisor) implements RandomGenerator {
        @Override
        public long nextLong() {
            return random.nextLong();
        }

        @Override
        public double nextGaussian() {
            return random.nextGaussian() / divisor;
        }
    }

    @Test
    void calibratesNoiseToTheBudget() {
        PrivacyBudget budget = new PrivacyBudget(2, 1e-5);
        double multiplier = budget.noiseMultiplier(.1, 100);
        double cost = new PldAccountant(1e-3)
                .epsilon(
                        List.of(new PrivacyEvent(
                                new Mechanism.Gaussian(multiplier), new SamplingScheme.Poisson(.1), 100)),
                        1e-5);
        assertThat(cost).isBetween(2 - 1e-6, 2.0);
        assertThat(budget.rounds(new Mechanism.Gaussian(multiplier), new SamplingScheme.Poisson(.1)))
                .isEqualTo(100);
    }
}
