package org.fl4j.compression;

import org.fl4j.internal.Check;
import org.fl4j.random.Seed;

/**
 * Levels at equal distances between the least and the largest value, {@code 2^bits} of them. A value becomes the
 * nearest, or, stochastically, one of the two beside it so that the mean is right (Suresh et al. 2017, arXiv
 * 1611.00429, section 3).
 *
 * @param bits of one value, 1 to 8
 * @param rounding which level a value becomes
 */
public record UniformQuantiser(int bits, Rounding rounding) implements VectorCode {
    /** Which of the two levels beside it a value becomes. */
    public enum Rounding {
        /** The nearer one. */
        NEAREST,
        /** Either, with a probability that makes the mean right. */
        STOCHASTIC
    }

    /** Checks the bits. */
    public UniformQuantiser {
        Check.inRange("bits", 1, 8, bits);
        Check.present("rounding", rounding);
    }

    @Override
    public void write(float[] values, Seed seed, BitWriter out) {
        float least = Float.POSITIVE_INFINITY;
        float largest = Float.NEGATIVE_INFINITY;
        for (float value : values) {
            least = Math.min(least, value);
            largest = Math.max(largest, value);
        }
        out.number(least);
        out.number(largest);
        int top = (1 << bits) - 1;
        double scale = largest > least ? top / ((double) largest - least) : 0;
        Coins coins = new Coins(seed);
        for (float value : values) {
            double level = (value - (double) least) * scale;
            double share = rounding == Rounding.NEAREST ? .5 : coins.uniform();
            out.bits(Math.min(top, (long) (level + share)), bits);
        }
    }

    @Override
    public float[] read(int size, BitReader in) {
        float least = in.float32();
        float largest = in.float32();
        Check.that(largest >= least, "largest value of an encoded delta", "at least the least, " + least, largest);
        double step = ((double) largest - least) / ((1 << bits) - 1);
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) (least + in.bits(bits) * step);
        }
        return values;
    }

    @Override
    public long mostBits(int size) {
        return 2L * Float.SIZE + (long) bits * size;
    }

    @Override
    public Loss loss() {
        return rounding == Rounding.STOCHASTIC ? Loss.UNBIASED : Loss.OTHER;
    }
}
