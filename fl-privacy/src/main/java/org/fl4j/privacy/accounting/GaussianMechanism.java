package org.fl4j.privacy.accounting;

import org.apache.commons.numbers.gamma.Erfc;
import org.apache.commons.numbers.gamma.Erfcx;
import org.fl4j.internal.Check;

/** What one release with normal noise costs, exactly (Balle and Wang 2018, arXiv 1805.06530, theorem 8). */
public final class GaussianMechanism {
    private GaussianMechanism() {}

    /**
     * Returns delta, {@code F(1/2s - epsilon s) - e^epsilon F(-1/2s - epsilon s)} with the normal distribution function
     * F.
     *
     * @param noiseMultiplier s, the standard deviation over the sensitivity, positive
     * @param epsilon at least 0
     */
    public static double delta(double noiseMultiplier, double epsilon) {
        Check.positive("noiseMultiplier", noiseMultiplier);
        Check.notNegative("epsilon", epsilon);
        double a = -(1 / (2 * noiseMultiplier) - epsilon * noiseMultiplier) / Math.sqrt(2);
        double b = (1 / (2 * noiseMultiplier) + epsilon * noiseMultiplier) / Math.sqrt(2);
        // e^epsilon e^(-b^2) = e^(-a^2): the second term is exact without overflow
        double second = Erfcx.value(b) * Math.exp(-a * a) / 2;
        return Math.max(0, Erfc.value(a) / 2 - second);
    }

    /** Returns the least epsilon, from above, for a delta in (0, 1). */
    public static double epsilon(double noiseMultiplier, double delta) {
        Check.that(delta > 0 && delta < 1, "delta", "in (0, 1)", delta);
        double high = 1;
        while (delta(noiseMultiplier, high) > delta) {
            high *= 2;
        }
        double low = 0;
        if (delta(noiseMultiplier, 0) <= delta) {
            return 0;
        }
        while (high - low > 1e-14 * high) {
            double middle = (low + high) / 2;
            if (middle == low || middle == high) {
                break;
            }
            if (delta(noiseMultiplier, middle) <= delta) {
                high = middle;
            } else {
                low = middle;
            }
        }
        return high;
    }

    /**
     * Returns the least noise multiplier, from above, for one release: the analytic calibration, valid for every
     * epsilon.
     *
     * @param epsilon at least 0
     * @param delta in (0, 1)
     */
    public static double noiseMultiplier(double epsilon, double delta) {
        Check.notNegative("epsilon", epsilon);
        Check.that(delta > 0 && delta < 1, "delta", "in (0, 1)", delta);
        double high = 1;
        while (delta(high, epsilon) > delta) {
            high *= 2;
        }
        double low = high / 2;
        while (delta(low, epsilon) <= delta) {
            high = low;
            low /= 2;
        }
        while (high - low > 1e-14 * high) {
            double middle = (low + high) / 2;
            if (middle == low || middle == high) {
                break;
            }
            if (delta(middle, epsilon) <= delta) {
                high = middle;
            } else {
                low = middle;
            }
        }
        return high;
    }

    /**
     * Returns the classic calibration, {@code sqrt(2 ln(1.25 / delta)) / epsilon} (Dwork and Roth 2014, appendix A),
     * which is proved for epsilon below 1 only, and refused for others.
     */
    public static double classicNoiseMultiplier(double epsilon, double delta) {
        Check.that(epsilon > 0 && epsilon < 1, "epsilon of the classic calibration", "in (0, 1)", epsilon);
        Check.that(delta > 0 && delta < 1, "delta", "in (0, 1)", delta);
        return Math.sqrt(2 * Math.log(1.25 / delta)) / epsilon;
    }
}
