package org.fl4j.compression;

import org.fl4j.random.Seed;

/**
 * A random rotation of a vector: random signs and a Walsh-Hadamard transform of the first {@code n} values, n the
 * largest power of two that fits, and then of the last n. The second reaches what the first did not, so that vectors
 * need not be made longer. In time O(d log d), in place.
 */
final class Rotation {
    private static final int CACHED = 4096;
    private static final int EIGHT = 8;

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
        int first = 1;
        if (length >= EIGHT) {
            for (int at = from; at < from + length; at += EIGHT) {
                transformEight(vector, at);
            }
            first = EIGHT;
        }
        for (int half = first; half < length; half *= 2) {
            for (int at = from; at < from + length; at += 2 * half) {
                combine(vector, at, half);
            }
        }
    }

    /** The first three turns at once, in registers. */
    private static void transformEight(float[] x, int at) {
        float a = x[at] + x[at + 1];
        float b = x[at] - x[at + 1];
        float c = x[at + 2] + x[at + 3];
        float d = x[at + 2] - x[at + 3];
        float e = x[at + 4] + x[at + 5];
        float f = x[at + 4] - x[at + 5];
        float g = x[at + 6] + x[at + 7];
        float h = x[at + 6] - x[at + 7];
        x[at] = (a + c) + (e + g);
        x[at + 4] = (a + c) - (e + g);
        x[at + 1] = (b + d) + (f + h);
        x[at + 5] = (b + d) - (f + h);
        x[at + 2] = (a - c) + (e - g);
        x[at + 6] = (a - c) - (e - g);
        x[at + 3] = (b - d) + (f - h);
        x[at + 7] = (b - d) - (f - h);
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
