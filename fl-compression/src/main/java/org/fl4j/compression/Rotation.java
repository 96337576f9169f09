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
        int scale = Float.floatToRawIntBits((float) (1 / Math.sqrt(length)));
        for (int i = 0; i < length; i++) {
            signs = i % Long.SIZE == 0 ? coins.next() : signs >>> 1;
            vector[from + i] *= Float.intBitsToFloat(scale | ((int) signs << (Float.SIZE - 1))); // or minus that
        }
    }

    /** Multiplies by the Hadamard matrix of ones and minus ones, part by part: parts fit into a core's cache. */
    private static void transform(float[] vector, int from, int length) {
        if (length >= 4 * CACHED) {
            int quarter = length / 4;
            for (int part = 0; part < 4; part++) {
                transform(vector, from + part * quarter, quarter);
            }
            combineFour(vector, from, quarter);
            return;
        }
        int done = 1;
        if (length >= EIGHT) {
            for (int at = from; at < from + length; at += EIGHT) {
                transformEight(vector, at);
            }
            done = EIGHT;
        }
        for (; 4 * done <= length; done *= 4) {
            for (int at = from; at < from + length; at += 4 * done) {
                combineFour(vector, at, done);
            }
        }
        for (; done < length; done *= 2) {
            for (int at = from; at < from + length; at += 2 * done) {
                combineTwo(vector, at, done);
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

    private static void combineTwo(float[] x, int from, int half) {
        for (int i = from; i < from + half; i++) {
            float a = x[i];
            float b = x[i + half];
            x[i] = a + b;
            x[i + half] = a - b;
        }
    }

    /** Two turns at once. */
    private static void combineFour(float[] x, int from, int quarter) {
        for (int i = from; i < from + quarter; i++) {
            float a = x[i] + x[i + quarter];
            float b = x[i] - x[i + quarter];
            float c = x[i + 2 * quarter] + x[i + 3 * quarter];
            float d = x[i + 2 * quarter] - x[i + 3 * quarter];
            x[i] = a + c;
            x[i + quarter] = b + d;
            x[i + 2 * quarter] = a - c;
            x[i + 3 * quarter] = b - d;
        }
    }
}
