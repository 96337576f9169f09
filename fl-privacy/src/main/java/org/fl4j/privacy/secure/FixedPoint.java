package org.fl4j.privacy.secure;

import java.util.random.RandomGenerator;
import org.fl4j.internal.Check;

/**
 * Numbers in [-bound, bound] as whole numbers in [0, levels], in a ring of 2^32. Rounding is stochastic, so that the
 * mean is kept.
 *
 * @param bound positive
 * @param levels at least 1
 * @param most how many clients' values are added at most; their sum must fit into the ring
 */
public record FixedPoint(double bound, int levels, int most) {
    static final long MODULUS = 1L << 32;

    /** Checks all, and that no sum overflows. */
    public FixedPoint {
        Check.positive("bound", bound);
        Check.positive("levels", levels);
        Check.positive("most", most);
        Check.that((long) most * levels < MODULUS, "most times levels", "below 2^32", (long) most * levels);
    }

    /** Returns where a value is between the levels; values beyond the bound are clipped. */
    double position(double value) {
        return (Math.max(-bound, Math.min(bound, value)) + bound) * levels / (2 * bound);
    }

    /** Returns the levels of values, each as an unsigned int. */
    public int[] encode(float[] values, RandomGenerator random) {
        int[] encoded = new int[values.length];
        for (int i = 0; i < values.length; i++) {
            Check.that(Float.isFinite(values[i]), "value", "finite", values[i]);
            encoded[i] = (int) (long) Math.floor(position(values[i]) + random.nextDouble());
        }
        return encoded;
    }

    /** Returns the sum of so many clients' values from the sum of their levels. */
    public double[] decode(int[] sum, int clients) {
        Check.inRange("clients", 0, most, clients);
        double[] values = new double[sum.length];
        for (int i = 0; i < sum.length; i++) {
            values[i] = Integer.toUnsignedLong(sum[i]) * 2 * bound / levels - clients * bound;
        }
        return values;
    }
}
