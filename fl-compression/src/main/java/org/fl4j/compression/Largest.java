package org.fl4j.compression;

/** Finds the values of the largest size, in time O(d): by counts of the upper and then the lower bits of sizes. */
final class Largest {
    private static final int LOW_BITS = 15;
    private static final int SIZE_BITS = 0x7FFFFFFF;

    private Largest() {}

    /** Returns the positions of the largest sizes, ascending; of equal sizes the first. */
    static int[] positions(float[] vector, int count) {
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
