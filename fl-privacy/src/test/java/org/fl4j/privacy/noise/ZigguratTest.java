package org.fl4j.privacy.noise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.apache.commons.numbers.gamma.Erfc;
import org.fl4j.random.Seed;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bounds are of six standard errors, or once in a million runs; the generators have seeds, so never or always. */
class ZigguratTest {
    private static final int COUNT = 4_000_000;

    private static double above(double x) {
        return Erfc.value(x / Math.sqrt(2)) / 2;
    }

    private static BulkGenerator generator(String name) {
        return name.equals("bulk") ? new SplitMixGenerator(new Seed(5)) : new AesGenerator(new byte[16], new byte[16]);
    }

    @ParameterizedTest
    @ValueSource(strings = {"bulk", "aes"})
    void drawsNormalNumbers(String name) {
        float[] drawn = new float[COUNT];
        new Ziggurat(generator(name)).fill(drawn, 1);
        for (int power = 1; power <= 6; power++) {
            int exponent = power;
            double mean = IntStream.range(0, COUNT)
                    .mapToDouble(i -> Math.pow(drawn[i], exponent))
                    .average()
                    .orElseThrow();
            double expected = new double[] {1, 0, 1, 0, 3, 0, 15}[power];
            double square = new double[] {1, 1, 3, 15, 105, 945, 10395}[power];
            assertThat(mean)
                    .as("moment " + power)
                    .isCloseTo(expected, within(6 * Math.sqrt((square - expected * expected) / COUNT)));
        }
        Arrays.sort(drawn);
        double largest = 0;
        for (int i = 0; i < COUNT; i++) {
            double at = above(-drawn[i]);
            largest = Math.max(largest, Math.max(at - i / (double) COUNT, (i + 1.0) / COUNT - at));
        }
        assertThat(largest).as("Kolmogorov-Smirnov").isLessThan(2.69339 / Math.sqrt(COUNT));
        for (double x : new double[] {1, 3, 3.654152885361009, 4, 4.5}) { // inside, at the tail's begin, in the tail
            for (int sign : new int[] {-1, 1}) {
                long beyond = IntStream.range(0, COUNT)
                        .filter(i -> sign * drawn[i] > x)
                        .count();
                double expected = COUNT * above(x);
                assertThat((double) beyond)
                        .as("beyond " + sign * x)
                        .isCloseTo(expected, within(6 * Math.sqrt(expected) + 1));
            }
        }
    }

    /** Neighbours know nothing of each other, nor do streams of neighbouring seeds. */
    @Test
    void isNotCorrelated() {
        float[] one = new float[COUNT];
        float[] two = new float[COUNT];
        new Ziggurat(new SplitMixGenerator(new Seed(7))).fill(one, 1);
        new Ziggurat(new SplitMixGenerator(new Seed(8))).fill(two, 1);
        for (int lag : new int[] {1, 2, 256, 1024}) {
            double product = IntStream.range(0, COUNT - lag)
                    .mapToDouble(i -> one[i] * one[i + lag])
                    .average()
                    .orElseThrow();
            assertThat(product).as("lag " + lag).isCloseTo(0, within(6 / Math.sqrt(COUNT)));
        }
        double across = IntStream.range(0, COUNT)
                .mapToDouble(i -> one[i] * two[i])
                .average()
                .orElseThrow();
        assertThat(across).isCloseTo(0, within(6 / Math.sqrt(COUNT)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"bulk", "aes"})
    void manyAtATimeAreTheSameAsOneAfterAnother(String name) {
        RandomGenerator one = generator(name);
        long[] first = new long[3000];
        long[] second = new long[5000];
        BulkGenerator bulk = generator(name);
        bulk.fill(first);
        bulk.fill(second);
        assertThat(first)
                .containsExactly(
                        IntStream.range(0, 3000).mapToLong(i -> one.nextLong()).toArray());
        assertThat(second)
                .containsExactly(
                        IntStream.range(0, 5000).mapToLong(i -> one.nextLong()).toArray());
    }

    @Test
    void deviationsScale() {
        float[] one = new float[1500];
        float[] three = new float[1500];
        new Ziggurat(generator("bulk")).fill(one, 1);
        new Ziggurat(generator("bulk")).fill(three, 3);
        for (int i = 0; i < one.length; i++) {
            assertThat(three[i]).isCloseTo(3 * one[i], within(1e-5f));
        }
    }
}
