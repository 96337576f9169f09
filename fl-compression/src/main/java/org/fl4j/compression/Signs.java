package org.fl4j.compression;

import org.fl4j.random.Seed;

/** The sign of each value, one bit; of zero it is a coin. What is read is 1 and -1. */
record Signs() implements VectorCode {
    @Override
    public void write(float[] values, Seed seed, BitWriter out) {
        Coins coins = new Coins(seed);
        for (float value : values) {
            out.bits(value == 0 ? coins.next() : value > 0 ? 1 : 0, 1);
        }
    }

    @Override
    public float[] read(int size, BitReader in) {
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = in.bits(1) == 1 ? 1 : -1;
        }
        return values;
    }

    @Override
    public long mostBits(int size) {
        return size;
    }

    @Override
    public Loss loss() {
        return Loss.OTHER;
    }
}
