package org.fl4j.privacy.central;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.List;
import java.util.random.RandomGenerator;
import org.fl4j.core.Admission;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ListAggregator;
import org.fl4j.core.UpdateTransform;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.message.ServerState;
import org.fl4j.message.StrategyState;
import org.fl4j.privacy.accounting.Mechanism;
import org.fl4j.privacy.accounting.PrivacyBudget;
import org.fl4j.privacy.accounting.PrivacyEvent;
import org.fl4j.privacy.accounting.RdpAccountant;
import org.fl4j.privacy.accounting.SamplingScheme;
import org.fl4j.privacy.noise.NoiseSource;
import org.fl4j.random.Seed;
import org.fl4j.server.UpdatePolicy;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunResult;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CentralDpTest extends CentralDpSetup {
    /**
     * Three of ten expected clients, clipped to 1: sum [0.3, 2], denominator 0.3 x 10 clients. Example counts do not
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
                                    + " must be as they were drawn, but was UpdatePolicy[minimumUpdates=0,"
                                    + " bufferSize=3");
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
}
