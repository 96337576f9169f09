package org.fl4j.compression;

import org.fl4j.internal.Check;
import org.fl4j.random.Seed;

/**
 * How the values that a sparse code keeps are written: as floats, or as a sign and a size of few bits. Sizes are
 * rounded to levels at equal distances between the least and the largest of them, so that no value grows by more than
 * it is; with one bit all have the mean of their sizes.
 *
 * @param bits of a value: 32 for float32, 16 for float16, or 1 to 8
 */
public record KeptValues(int bits) {
    private static final int MOST_FEW = 8;

    /** Checks the bits. */
    public KeptValues {
        Check.that(
                bits == Float.SIZE || bits == Short.SIZE || (bits >= 1 && bits <= MOST_FEW),
                "bits of a kept value",
                "32, 16 or 1 to 8",
                bits);
    }

    private FloatFormat format() {
        return bits == Float.SIZE ? FloatFormat.FLOAT32 : FloatFormat.FLOAT16;
    }

    void write(float[] values, Seed seed, BitWriter out) {
        if (bits > MOST_FEW) {
            format().write(values, seed, out);
        } else if (bits == 1) {
            if (values.length > 0) {
                new ScaledSign().write(values, seed, out);
            }
        } else {
            writeLevels(values, out);
        }
    }

    private void writeLevels(float[] values, BitWriter out) {
        float least = Float.MAX_VALUE;
        float largest = 0;
        for (float value : values) {
            least = Math.min(least, Math.abs(value));
            largest = Math.max(largest, Math.abs(value));
        }
        least = Math.min(least, largest);
        out.number(least);
        out.number(largest);
        int top = (1 << (bits - 1)) - 1;
        double scale = largest > least ? top / ((double) largest - least) : 0;
        for (float value : values) {
            long level = Math.min(top, Math.round((Math.abs(value) - (double) least) * scale));
            out.bits((level << 1) | (value < 0 ? 1 : 0), bits);
        }
    }

    float[] read(int count, BitReader in) {
        if (bits > MOST_FEW) {
            return format().read(count, in);
        }
        if (bits == 1) {
            return count == 0 ? new float[0] : new ScaledSign().read(count, in);
        }
        float least = in.size();
        float largest = in.size();
        Check.that(largest >= least, "largest size of an encoded delta", "at least the least, " + least, largest);
        double step = ((double) largest - least) / ((1 << (bits - 1)) - 1);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            long code = in.bits(bits);
            float size = (float) (least + (code >>> 1) * step);
            values[i] = (code & 1) == 1 ? -size : size;
        }
        return values;
    }

    long mostBits(int count) {
        return (long) bits * count + (bits > MOST_FEW ? 0 : bits == 1 ? Float.SIZE : 2 * Float.SIZE);
    }
}
