package org.fl4j.compression;

import org.fl4j.random.Seed;

/**
 * The sign of each value and the mean of their sizes, one bit a value (EF-SignSGD: Karimireddy et al. 2019, arXiv
 * 1901.09847, lemma 8): a contraction with delta {@code ||x||_1^2 / (d ||x||_2^2)}. Zero counts as positive, and -0 as
 * negative.
 */
public record ScaledSign() implements VectorCode {
    @Override
    public void write(float[] values, Seed seed, BitWriter out) {
        double sum = 0;
        for (float value : values) {
            sum += Math.abs(value);
        }
        out.number((float) (sum / values.length));
        for (float value : values) {
            out.bits(Float.floatToRawIntBits(value) >>> (Float.SIZE - 1), 1);
        }
    }

    @Override
    public float[] read(int size, BitReader in) {
        int bits = Float.floatToRawIntBits(in.size());
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = Float.intBitsToFloat(bits | ((int) in.bits(1) << (Float.SIZE - 1)));
        }
        return values;
    }

    @Override
    public long mostBits(int size) {
        return Float.SIZE + (long) size;
    }

    @Override
    public Loss loss() {
        return Loss.CONTRACTION;
    }
}
