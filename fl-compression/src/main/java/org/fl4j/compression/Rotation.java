package org.fl4j.compression;

import org.fl4j.random.Seed;

/**
 * A random rotation of a vector: random signs and a Walsh-Hadamard transform of the first {@code n} values, n the
 * largest power of two that fits, and then of the last n. The second reaches what the first did not, so that vectors
 * need not be made longer. In time O(d log d), in place.
 */
final class Rotation {
    private static final int CACHED = 4096;

    private final Seed seed;

    Rotation(Seed seed) {
        this.seed = seed;
    }

    void apply(float... vector) {
        int length = Integer.highestOneBit(vector.length);
        flip(vector, 0, length, "first");
        transform(vector, 0, length);
        if (length < vector.length) {
            flip(vector, vector.length - length, length, "second");
            transform(vector, vector.length - length, length);
        }
    }

    void invert(float... vector) {
        int length = Integer.highestOneBit(vector.length);
        if (length < vector.length) {
            transform(vector, vector.length - length, length);
            flip(vector, vector.length - length, length, "second");
        }
        transform(vector, 0, length);
        flip(vector, 0, length, "first");
    }

    private void flip(float[] vector, int from, int length, String purpose) {
        Coins coins = new Coins(seed.derive(purpose));
        long signs = 0;
        float scale = (float) (1 / Math.sqrt(length));
        for (int i = 0; i < length; i++) {
            signs = i % Long.SIZE == 0 ? coins.next() : signs >>> 1;
            vector[from + i] *= (signs & 1) == 0 ? scale : -scale;
        }
    }

    /** Multiplies by the Hadamard matrix of ones and minus ones, half by half: parts fit into a core's cache. */
    private static void transform(float[] vector, int from, int length) {
        if (length > CACHED) {
            int half = length / 2;
            transform(vector, from, half);
            transform(vector, from + half, half);
            combine(vector, from, half);
            return;
        }
        for (int half = 1; half < length; half *= 2) {
            for (int at = from; at < from + length; at += 2 * half) {
                combine(vector, at, half);
            }
        }
    }

    private static void combine(float[] vector, int from, int half) {
        for (int i = from; i < from + half; i++) {
            float a = vector[i];
            float b = vector[i + half];
            vector[i] = a + b;
            vector[i + half] = a - b;
        }
    }
}
