package org.fl4j.privacy.secure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.fl4j.random.Sampling;
import org.fl4j.random.Seed;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SecureSumTest {
    private static final FixedPoint POINT = new FixedPoint(8, 1 << 22, 1000);
    private static final RandomGenerator DOWN = new RandomGenerator() { // rounds down
                @Override
                public long nextLong() {
                    return 0;
                }
            };

    /** Values of Flower's quantiser, and a sum by Python's integers. */
    @Test
    void encodesAndDecodes() {
        assertThat(POINT.encode(new float[] {0, 1, 8, -8, 9, .1f}, DOWN))
                .containsExactly(2097152, 2359296, 4194304, 0, 4194304, 2123366);
        assertThat(POINT.position(.1)).isCloseTo(2123366.4, within(.01));
        int[] sum = new int[2];
        for (float[] x : new float[][] {{.5f, -1.25f}, {2, 3}, {-4, .75f}}) {
            int[] encoded = POINT.encode(x, DOWN);
            sum[0] += encoded[0];
            sum[1] += encoded[1];
        }
        assertThat(sum).containsExactly(5898240, 6946816);
        assertThat(POINT.decode(sum, 3)).containsExactly(-1.5, 2.5);
    }

    @Test
    void roundsWithoutBias() {
        float[] many = new float[100_000];
        Arrays.fill(many, .1f);
        FixedPoint coarse = new FixedPoint(1, 10, 100);
        double mean = IntStream.of(coarse.encode(many, new Seed(1).generator()))
                .average()
                .orElseThrow();
        assertThat(mean).isCloseTo(5.5, within(6 * .5 / Math.sqrt(many.length)));
    }

    private static int[] secret(int client) {
        RandomGenerator random = new Seed(client).generator();
        return IntStream.generate(() -> random.nextInt(1 << 22)).limit(50).toArray();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void theSumIsExactWhoeverDropsOut(int dropped) {
        SecureSum sum = new SecureSum(8, 5, new Seed(9));
        Map<Integer, int[]> arrived = new TreeMap<>();
        int[] expected = new int[50];
        for (int client = dropped; client < 8; client++) {
            arrived.put(client, sum.masked(client, secret(client)));
            int[] own = secret(client);
            for (int i = 0; i < 50; i++) {
                expected[i] += own[i];
            }
        }
        assertThat(sum.unmasked(arrived)).containsExactly(expected);
    }

    /** Of more clients than each has neighbours, with as many drop-outs as may be. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 29})
    void neighboursOnACircleAreEnough(int dropped) {
        SecureSum sum = new SecureSum(60, 31, new Seed(9));
        Map<Integer, int[]> arrived = new TreeMap<>();
        int[] expected = new int[50];
        for (int client = 0; client < 60; client++) {
            if (client % 2 == 1 && client / 2 < dropped) {
                continue;
            }
            arrived.put(client, sum.masked(client, secret(client)));
            int[] own = secret(client);
            for (int i = 0; i < 50; i++) {
                expected[i] += own[i];
            }
        }
        assertThat(arrived).hasSize(60 - dropped);
        assertThat(sum.unmasked(arrived)).containsExactly(expected);
    }

    /** Two gaps on the circle would leave a survivor alone, and its vector known: it counts as lost. */
    @Test
    void survivorsWhoAreCutOffCountAsLost() {
        SecureSum sum = new SecureSum(100, 51, new Seed(9));
        int[] places = Sampling.permutation(100, new Seed(9).derive("places").generator());
        Map<Integer, int[]> arrived = new TreeMap<>();
        int[] expected = new int[50];
        for (int client = 0; client < 100; client++) {
            int place = places[client];
            boolean gap = place >= 1 && place <= 33 && place != 17;
            if (gap) {
                continue;
            }
            arrived.put(client, sum.masked(client, secret(client)));
            if (place != 17) {
                int[] own = secret(client);
                for (int i = 0; i < 50; i++) {
                    expected[i] += own[i];
                }
            }
        }
        assertThat(arrived).hasSize(68);
        assertThat(sum.unmasked(arrived)).containsExactly(expected);
    }

    @Test
    void tooFewSurvivorsRevealNothing() {
        SecureSum sum = new SecureSum(8, 5, new Seed(9));
        Map<Integer, int[]> four = new TreeMap<>();
        for (int client = 0; client < 4; client++) {
            four.put(client, sum.masked(client, secret(client)));
        }
        assertThatThrownBy(() -> sum.unmasked(four))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("clients that survive must be at least 5, but were 4");
    }

    /**
     * What one client sends, of a constant vector: chi-square of 256 bins at one false alarm in a million, and no
     * memory.
     */
    @Test
    void whatTheServerSeesOfOneClientIsUniform() {
        int[] constant = new int[100_000];
        Arrays.fill(constant, 12345);
        int[] seen = new SecureSum(3, 2, new Seed(4)).masked(1, constant);
        for (int shift : new int[] {0, 8, 16, 24}) {
            int[] counts = new int[256];
            for (int value : seen) {
                counts[(value >>> shift) & 255]++;
            }
            double expected = seen.length / 256.0;
            double statistic = IntStream.of(counts)
                    .mapToDouble(count -> (count - expected) * (count - expected) / expected)
                    .sum();
            assertThat(statistic).as("byte " + shift / 8).isBetween(155.0, 377.0);
        }
        int[] other = new SecureSum(3, 2, new Seed(5)).masked(1, constant);
        assertThat(IntStream.range(0, seen.length)
                        .filter(i -> seen[i] == other[i])
                        .count())
                .isLessThan(5);
    }

    @Test
    void refusesSumsThatOverflow() {
        assertThatThrownBy(() -> new FixedPoint(8, 1 << 22, 1024))
                .hasMessage("most times levels must be below 2^32, but was 4294967296");
        assertThatThrownBy(() -> new SecureSum(8, 4, new Seed(1))).hasMessage("threshold must be in [5, 8], but was 4");
        assertThatThrownBy(() -> POINT.encode(new float[] {Float.NaN}, DOWN))
                .hasMessage("value must be finite, but was NaN");
    }
}
