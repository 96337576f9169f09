package org.fl4j.selection;

/** Order statistics without sorting. */
final class Ranking {
    private Ranking() {}

    /**
     * Returns the value of a rank among the first so many, which are put in another order (Hoare's selection, 1961).
     */
    static float statistic(float[] values, int size, int rank) {
        int needed = Math.max(0, Math.min(rank, size - 1));
        int low = 0;
        int high = size - 1;
        while (low < high) {
            float pivot = middle(values[low], values[(low + high) >>> 1], values[high]);
            int i = low;
            int j = high;
            while (i <= j) {
                while (values[i] < pivot) {
                    i++;
                }
                while (values[j] > pivot) {
                    j--;
                }
                if (i <= j) {
                    float kept = values[i];
                    values[i++] = values[j];
                    values[j--] = kept;
                }
            }
            if (needed <= j) {
                high = j;
            } else if (needed >= i) {
                low = i;
            } else {
                break;
            }
        }
        return values[needed];
    }

    private static float middle(float a, float b, float c) {
        return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    }
}
