package org.fl4j.privacy.accounting;

import java.util.List;
import java.util.function.DoubleFunction;
import java.util.function.DoubleUnaryOperator;
import org.fl4j.internal.Check;

/** Finds what a mechanism needs for a guarantee: always on the safe side of the value asked for. */
public final class Calibration {
    private static final double PRECISION = 1e-9; // relative
    private static final double LARGEST_MULTIPLIER = 1e6;
    private static final double LEAST_MULTIPLIER = .05;

    private Calibration() {}

    /**
     * Returns the least noise multiplier, to a relative 1e-9 from above, for which so many rounds cost at most epsilon.
     *
     * @param accountant what bounds the cost
     * @param mechanism makes the mechanism of a multiplier, such as {@code Mechanism.Gaussian::new}
     * @param sampling how clients are drawn
     * @param rounds at least 1
     * @param epsilon positive
     * @param delta in (0, 1)
     * @return no less than some 0.05, even where delta alone pays for rounds without noise
     * @throws IllegalArgumentException if not even a multiplier of a million does
     */
    public static double noiseMultiplier(
            PrivacyAccountant accountant,
            DoubleFunction<Mechanism> mechanism,
            SamplingScheme sampling,
            long rounds,
            double epsilon,
            double delta) {
        Check.positive("epsilon", epsilon);
        Check.that(rounds >= 1, "rounds", "at least 1", rounds);
        DoubleUnaryOperator excess = multiplier -> Math.log(
                accountant.epsilon(List.of(new PrivacyEvent(mechanism.apply(multiplier), sampling, rounds)), delta)
                        / epsilon);
        double enough = 1;
        double low = excess.applyAsDouble(enough);
        while (low > 0) {
            enough *= 2;
            low = excess.applyAsDouble(enough);
            Check.that(enough <= LARGEST_MULTIPLIER, "epsilon", "reachable with noise", epsilon);
        }
        double tooLittle = enough / 2;
        double high = excess.applyAsDouble(tooLittle);
        while (high <= 0) {
            if (tooLittle < LEAST_MULTIPLIER) {
                return enough; // delta alone pays for it
            }
            enough = tooLittle;
            low = high;
            tooLittle /= 2;
            high = excess.applyAsDouble(tooLittle);
        }
        return narrowed(excess, tooLittle, high, enough, low);
    }

    /** Regula falsi with the Illinois rule, until the bracket is narrow; returns its safe end. */
    private static double narrowed(
            DoubleUnaryOperator excess, double firstTooLittle, double firstHigh, double firstEnough, double firstLow) {
        double tooLittle = firstTooLittle;
        double high = firstHigh;
        double enough = firstEnough;
        double low = firstLow;
        while (enough - tooLittle > PRECISION * enough) {
            double guess = Double.isInfinite(high) || Double.isInfinite(low)
                    ? (tooLittle + enough) / 2
                    : (tooLittle * -low + enough * high) / (high - low);
            double inside = PRECISION * enough / 2; // so that a guess at one end closes the bracket from the other
            guess = Math.min(enough - inside, Math.max(tooLittle + inside, guess));
            double value = excess.applyAsDouble(guess);
            if (value <= 0) {
                enough = guess;
                low = value;
                high /= 2;
            } else {
                tooLittle = guess;
                high = value;
                low /= 2;
            }
        }
        return enough;
    }

    /**
     * Returns how many rounds of a mechanism cost at most epsilon; 0 if not even one does.
     *
     * @param most where to stop looking
     */
    public static long rounds(
            PrivacyAccountant accountant,
            Mechanism mechanism,
            SamplingScheme sampling,
            double epsilon,
            double delta,
            long most) {
        Check.notNegative("epsilon", epsilon);
        Check.that(most >= 1, "most", "at least 1", most);
        long affordable = 0;
        long tooMany = 1;
        while (tooMany <= most && costs(accountant, mechanism, sampling, tooMany, delta) <= epsilon) {
            affordable = tooMany;
            tooMany *= 2;
        }
        tooMany = Math.min(tooMany, most + 1);
        while (tooMany - affordable > 1) {
            long middle = affordable + (tooMany - affordable) / 2;
            if (costs(accountant, mechanism, sampling, middle, delta) <= epsilon) {
                affordable = middle;
            } else {
                tooMany = middle;
            }
        }
        return affordable;
    }

    private static double costs(
            PrivacyAccountant accountant, Mechanism mechanism, SamplingScheme sampling, long rounds, double delta) {
        return accountant.epsilon(List.of(new PrivacyEvent(mechanism, sampling, rounds)), delta);
    }
}
