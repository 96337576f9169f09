package org.fl4j.compression;

import org.fl4j.internal.Check;
import org.fl4j.random.Seed;

/**
 * Stochastic levels of the share that a value has in the norm (Alistarh et al. 2017, arXiv 1610.02132). Written as in
 * that paper, the Euclidean norm and Elias codes of the gaps between values that are not zero and of their levels
 * (section 3.2); or as FedLab does, the largest size and a fixed number of bits. Where FedLab makes NaN of zeros, they
 * stay zeros.
 *
 * @param levels above zero, s in the paper; 1 to 65,535
 * @param form of norm and bits
 */
public record Qsgd(int levels, Form form) implements VectorCode {
    private static final int MOST_LEVELS = 65_535;
    private static final int LAST_GAP = 64; // bits that no Elias code of a gap exceeds

    /** How norms and levels are written. */
    public enum Form {
        /** Euclidean norm, Elias codes of gaps, signs and levels. */
        PAPER,
        /** Largest size, a sign and a level of fixed width for each value. */
        FIXED
    }

    /** Checks the levels. */
    public Qsgd {
        Check.inRange("levels", 1, MOST_LEVELS, levels);
        Check.present("form", form);
    }

    private int width() {
        return Integer.SIZE - Integer.numberOfLeadingZeros(levels);
    }

    private float norm(float... values) {
        double norm = 0;
        for (float value : values) {
            norm = form == Form.PAPER ? norm + (double) value * value : Math.max(norm, Math.abs(value));
        }
        return (float) (form == Form.FIXED ? norm : Math.sqrt(norm));
    }

    @Override
    public void write(float[] values, Seed seed, BitWriter out) {
        float norm = norm(values);
        out.number(norm);
        double scale = norm > 0 ? levels / (double) norm : 0;
        Coins coins = new Coins(seed);
        int width = width() + 1;
        int last = -1;
        for (int i = 0; i < values.length; i++) {
            // up with the probability that is the fraction
            int level = Math.min(levels, (int) (Math.abs(values[i]) * scale + coins.uniform()));
            if (form == Form.FIXED) {
                out.bits((level << 1) | sign(values[i]), width);
            } else if (level > 0) {
                Elias.write(i - last, out);
                out.bits(sign(values[i]), 1);
                Elias.write(level, out);
                last = i;
            }
        }
        if (form == Form.PAPER) {
            Elias.write(values.length - last, out); // a gap that ends behind the last value
        }
    }

    private static int sign(float value) {
        return Float.floatToRawIntBits(value) >>> (Float.SIZE - 1);
    }

    @Override
    public float[] read(int size, BitReader in) {
        double step = in.size() / (double) levels;
        float[] values = new float[size];
        if (form == Form.FIXED) {
            int width = width() + 1;
            for (int i = 0; i < size; i++) {
                int code = (int) in.bits(width);
                values[i] = value(code >>> 1, code & 1, step);
            }
            return values;
        }
        for (int at = position(-1, size, in); at < size; at = position(at, size, in)) {
            int sign = (int) in.bits(1);
            values[at] = value(Elias.read(in), sign, step);
        }
        return values;
    }

    private static int position(int last, int size, BitReader in) {
        long at = (long) last + Elias.read(in);
        Check.that(at <= size, "position in an encoded delta", "at most " + size, at);
        return (int) at;
    }

    private float value(int level, int sign, double step) {
        Check.inRange("level in an encoded delta", 0, levels, level);
        return (float) ((1 - 2 * sign) * level * step);
    }

    /** Elias codes are longest where no value is zero: a gap of g takes fewer bits than g gaps of 1. */
    @Override
    public long mostBits(int size) {
        int longest = Elias.length(levels) + 1;
        return Float.SIZE + (form == Form.FIXED ? size * (width() + 1L) : size * (longest + 1L) + LAST_GAP);
    }

    @Override
    public Loss loss() {
        return Loss.UNBIASED;
    }
}
