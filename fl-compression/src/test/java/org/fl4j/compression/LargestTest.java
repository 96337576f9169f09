package org.fl4j.compression;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LargestTest {
    private static final int MANY = 20_480; // every twentieth is in the sample

    private static void assertAsSorted(float[] vector, int count) {
        int[] sorted = IntStream.range(0, vector.length)
                .boxed()
                .sorted((a, b) -> Math.abs(vector[a]) == Math.abs(vector[b])
                        ? Integer.compare(a, b)
                        : Float.compare(Math.abs(vector[b]), Math.abs(vector[a])))
                .limit(count)
                .mapToInt(Integer::intValue)
                .sorted()
                .toArray();
        assertThat(Largest.positions(vector, count))
                .as("%d of %d", count, vector.length)
                .containsExactly(sorted);
    }

    @Test
    void areFoundAsSortingFindsThem() {
        for (int size : new int[] {1, 2, 100, 5000, MANY}) {
            float[] vector = Codes.heavy(size, size);
            for (int i = 0; i < size; i += 3) {
                vector[i] = Math.round(vector[i]); // ties
            }
            for (int count : new int[] {1, (size + 99) / 100, (size + 15) / 16, (size + 1) / 2, size}) {
                assertAsSorted(vector, count);
            }
        }
    }

    /** Where the sample is unlike the other values, all of them are looked at. */
    @Test
    void areFoundWhateverTheSampleSays() {
        float[] high = Codes.normal(MANY, 1);
        float[] low = Codes.normal(MANY, 2);
        for (int i = 0; i < MANY; i += 20) {
            high[i] *= 1000;
            low[i] = 0;
        }
        assertAsSorted(high, 200);
        assertAsSorted(high, 1200); // more than are high
        assertAsSorted(low, 200);
        assertAsSorted(new float[MANY], 5);
    }
}
