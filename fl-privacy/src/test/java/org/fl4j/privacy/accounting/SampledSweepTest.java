package org.fl4j.privacy.accounting;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.fl4j.privacy.accounting.Mechanism.Gaussian;
import org.fl4j.privacy.accounting.SamplingScheme.Poisson;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The promise of {@link PldAccountant} for sampled mechanisms, many and few rounds, large and tiny epsilons: from
 * above, within a relative 1e-3, finite, never above the Renyi bound; or a refusal. Against {@link ContourOracle}, and
 * where that does not converge against the same accountant at a hundredth of the error.
 */
@Execution(ExecutionMode.CONCURRENT) // pure functions that take their time
class SampledSweepTest {
    private static final double PROMISE = 1e-3;
    private static final double TOLERANCE = 1e-5; // of the oracle's delta
    private static final String REFUSAL =
            "points for an accuracy of 0.001 must be at most 4194304, or account with RdpAccountant, but was more";

    private enum Outcome {
        BY_CONTOUR,
        BY_FINER_STEP,
        REFUSED
    }

    private static Outcome check(double rate, double multiplier, long rounds, double delta) {
        String what = "rate " + rate + ", multiplier " + multiplier + ", rounds " + rounds + ", delta " + delta;
        List<PrivacyEvent> events = List.of(new PrivacyEvent(new Gaussian(multiplier), new Poisson(rate), rounds));
        double epsilon;
        try {
            epsilon = new PldAccountant(PROMISE).epsilon(events, delta);
        } catch (IllegalArgumentException e) {
            assertThat(e).as(what).hasMessage(REFUSAL);
            return Outcome.REFUSED;
        }
        assertThat(epsilon).as(what).isFinite().isNotNegative();
        assertThat(epsilon).as(what).isLessThanOrEqualTo(new RdpAccountant().epsilon(events, delta));
        double there = ContourOracle.delta(rate, multiplier, rounds, epsilon, delta);
        double before = ContourOracle.delta(rate, multiplier, rounds, epsilon / (1 + PROMISE), delta);
        if (Double.isFinite(there) && Double.isFinite(before)) {
            assertThat(there).as(what + ": delta at epsilon").isLessThanOrEqualTo(delta * (1 + TOLERANCE));
            if (epsilon > 0) {
                assertThat(before)
                        .as(what + ": delta at an epsilon that is less by the promise")
                        .isGreaterThanOrEqualTo(delta * (1 - TOLERANCE));
            }
            return Outcome.BY_CONTOUR;
        }
        double finer = finer(what, events, delta);
        assertThat(epsilon).as(what).isBetween(finer * (1 - PROMISE / 100), finer * (1 + PROMISE));
        return Outcome.BY_FINER_STEP;
    }

    /** An accountant that takes the promise for enough has an answer; so must one that asks for more. */
    private static double finer(String what, List<PrivacyEvent> events, double delta) {
        try {
            return new PldAccountant(PROMISE / 100).epsilon(events, delta);
        } catch (IllegalArgumentException e) {
            throw new AssertionError(what + ": refused at a higher accuracy", e);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1e-4, 0.3, 1, 1e-6",
        "1e-4, 1, 1, 1e-5",
        "1e-4, 1, 10, 1e-6",
        "1e-4, 2, 10000, 1e-3",
        "1e-3, 0.5, 1000, 1e-9",
        "1e-3, 2, 100, 1e-12",
        "0.01, 1, 10000, 1e-12",
        "0.01, 5, 10, 1e-3",
        "0.1, 0.7, 1, 1e-9",
        "0.1, 20, 10000, 1e-5",
        "0.5, 0.3, 10, 1e-12",
        "0.5, 3, 1000, 1e-9"
    })
    void keepsThePromise(double rate, double multiplier, long rounds, double delta) {
        assertThat(check(rate, multiplier, rounds, delta)).isNotEqualTo(Outcome.REFUSED);
    }

    @Test
    @Tag("long")
    void keepsThePromiseEverywhere() {
        List<Supplier<Outcome>> checks = new ArrayList<>();
        for (double rate : new double[] {1e-4, 1e-3, .01, .1, .5}) {
            for (double multiplier : new double[] {.3, .5, 1, 2, 5, 20}) {
                for (long rounds : new long[] {1, 10, 100, 1000, 10_000}) {
                    for (double delta : new double[] {1e-12, 1e-9, 1e-6, 1e-5, 1e-3}) {
                        checks.add(() -> check(rate, multiplier, rounds, delta));
                    }
                }
            }
        }
        List<Outcome> outcomes = checks.parallelStream().map(Supplier::get).toList();
        assertThat(outcomes.stream().filter(Outcome.BY_CONTOUR::equals).count()).isGreaterThan(outcomes.size() / 2);
        assertThat(outcomes.stream().filter(Outcome.REFUSED::equals).count()).isLessThan(outcomes.size() / 100);
    }

    /**
     * Delta of one round at epsilon 0 is the distance of the worlds; just below it, epsilon is as small as one likes.
     */
    @Test
    void isRightNextToZero() {
        List<PrivacyEvent> once = List.of(new PrivacyEvent(new Gaussian(2), new Poisson(.01), 1));
        PldAccountant accountant = new PldAccountant(PROMISE);
        double distance = accountant.delta(once, 0);
        assertThat(accountant.epsilon(once, distance * (1 + 1e-9))).isZero();
        for (double share : new double[] {.5, .9, .999, .999999}) {
            double epsilon = accountant.epsilon(once, share * distance);
            assertThat(ContourOracle.delta(.01, 2, 1, epsilon, distance))
                    .isCloseTo(share * distance, within(1e-5 * distance));
        }
    }

    @Test
    void refusesWhatNeedsTooManyPoints() {
        List<PrivacyEvent> events = List.of(new PrivacyEvent(new Gaussian(.2), new Poisson(1e-4), 2));
        PldAccountant accountant = new PldAccountant(PROMISE);
        double distance = accountant.delta(events, 0);
        assertThatThrownBy(() -> accountant.epsilon(events, .999999 * distance)).hasMessage(REFUSAL);
    }
}
