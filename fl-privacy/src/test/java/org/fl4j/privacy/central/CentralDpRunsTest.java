package org.fl4j.privacy.central;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.fl4j.core.Aggregate;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ListAggregator;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.message.ClientId;
import org.fl4j.message.StrategyState;
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
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CentralDpRunsTest extends CentralDpSetup {
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
