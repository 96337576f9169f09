package org.fl4j.compression;

import java.util.Arrays;

/**
 * Finds the values of the largest size, in time O(d): by counts of the upper and then the lower bits of sizes. Where
 * few of many are asked for, a sample tells a size that about twice as many exceed, and only those are counted.
 */
final class Largest {
    private static final int SAMPLE = 1024;
    private static final int RARE = 16; // of how many values one is asked for at most
    private static final int DEVIATIONS = 4; // of the sample, that the bound is lower than the mean
    private static final int LOW_BITS = 15;
    private static final int SIZE_BITS = 0x7FFFFFFF;

    private Largest() {}

    /** Returns the positions of the largest sizes, ascending; of equal sizes the first. */
    static int[] positions(float[] vector, int count) {
        if (vector.length < 8 * SAMPLE || count > vector.length / RARE) {
            return exactly(vector, count);
        }
        int[] candidates = from(bound(vector, count), vector);
        if (candidates.length < count) {
            return exactly(vector, count); // the sample was like few of the values
        }
        int[] among = exactly(Sparse.gather(vector, candidates), count);
        for (int i = 0; i < count; i++) {
            among[i] = candidates[among[i]];
        }
        return among;
    }

    /** Returns a size that probably somewhat more values than asked for reach. */
    private static int bound(float[] vector, int count) {
        int step = vector.length / SAMPLE;
        int[] sizes = new int[SAMPLE];
        for (int i = 0; i < SAMPLE; i++) {
            sizes[i] = size(vector[i * step]);
        }
        Arrays.sort(sizes);
        double mean = (double) SAMPLE * count / vector.length;
        int rank = (int) Math.min(SAMPLE, Math.ceil(mean + DEVIATIONS * (Math.sqrt(mean) + 1)));
        return sizes[SAMPLE - rank];
    }

    /** Returns the positions of all sizes from one on. */
    private static int[] from(int bound, float[] vector) {
        int[] positions = new int[vector.length / RARE];
        int count = 0;
        for (int i = 0; i < vector.length; i++) {
            if (size(vector[i]) >= bound) {
                positions = count < positions.length ? positions : Arrays.copyOf(positions, 2 * count);
                positions[count++] = i;
            }
        }
        return Arrays.copyOf(positions, count);
    }

    private static int[] exactly(float[] vector, int count) {
        int[] high = new int[1 << (Integer.SIZE - 1 - LOW_BITS)];
        for (float value : vector) {
            high[size(value) >>> LOW_BITS]++;
        }
        int above = high.length;
        int found = 0; // whose upper bits are larger
        do {
            found += high[--above];
        } while (found < count);
        found -= high[above];
        int[] low = new int[1 << LOW_BITS];
        for (float value : vector) {
            int size = size(value);
            if (size >>> LOW_BITS == above) {
                low[size & (low.length - 1)]++;
            }
        }
        int rest = low.length;
        do {
            found += low[--rest];
        } while (found < count);
        found -= low[rest];
        return collect(vector, count, (above << LOW_BITS) | rest, count - found);
    }

    private static int size(float value) { // ordered as sizes are
        return Float.floatToRawIntBits(value) & SIZE_BITS;
    }

    private static int[] collect(float[] vector, int count, int threshold, int ties) {
        int[] positions = new int[count];
        int tied = ties;
        int next = 0;
        for (int i = 0; next < count; i++) {
            int size = size(vector[i]);
            if (size > threshold || (size == threshold && tied-- > 0)) {
                positions[next++] = i;
            }
        }
        return positions;
    }
}
