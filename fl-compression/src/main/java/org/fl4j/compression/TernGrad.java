package org.fl4j.compression;

import org.fl4j.internal.Check;
import org.fl4j.random.Seed;

/**
 * Each value becomes 0 or plus or minus the largest size, with the right mean (Wen et al. 2017, arXiv 1705.07878, eq. 3
 * to 6); five values a byte.
 *
 * @param clip values are clipped to so many standard deviations before (section 3.3; 2.5 there), which biases them; 0
 *     for no clipping
 */
public record TernGrad(double clip) implements VectorCode {
    private static final int GROUP = 5; // 3^5 is 243

    /** Checks the clipping. */
    public TernGrad {
        Check.notNegative("clip", clip);
    }

    @Override
    public void write(float[] values, Seed seed, BitWriter out) {
        float bound = clip == 0 ? Float.MAX_VALUE : (float) Math.min(Float.MAX_VALUE, clip * deviation(values));
        float largest = 0;
        for (float value : values) {
            largest = Math.max(largest, Math.min(bound, Math.abs(value)));
        }
        out.number(largest);
        Coins coins = new Coins(seed);
        double scale = largest > 0 ? 1 / (double) largest : 0;
        for (int from = 0; from < values.length; from += GROUP) {
            int group = 0;
            for (int i = Math.min(from + GROUP, values.length) - 1; i >= from; i--) {
                float size = Math.min(bound, Math.abs(values[i]));
                int isSent = Math.min(1, (int) (size * scale + coins.uniform()));
                group = 3 * group + isSent * (1 + (Float.floatToRawIntBits(values[i]) >>> (Float.SIZE - 1)));
            }
            out.bits(group, Byte.SIZE);
        }
    }

    private static double deviation(float[] values) {
        double sum = 0;
        double squares = 0;
        for (float value : values) {
            sum += value;
            squares += (double) value * value;
        }
        double mean = sum / values.length;
        return Math.sqrt(Math.max(0, squares / values.length - mean * mean));
    }

    @Override
    public float[] read(int size, BitReader in) {
        float largest = in.size();
        float[] values = new float[size];
        float[] digits = {0, largest, -largest};
        for (int from = 0; from < size; from += GROUP) {
            int group = (int) in.bits(Byte.SIZE);
            for (int i = from; i < Math.min(from + GROUP, size); i++) {
                values[i] = digits[group % 3];
                group /= 3;
            }
            Check.that(group == 0, "rest of five values of an encoded delta", "0", group);
        }
        return values;
    }

    @Override
    public long mostBits(int size) {
        return Float.SIZE + Byte.SIZE * ((size + (long) GROUP - 1) / GROUP);
    }

    @Override
    public Loss loss() {
        return clip == 0 ? Loss.UNBIASED : Loss.OTHER;
    }
}
