package org.fl4j.privacy.noise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.function.DoubleUnaryOperator;
import java.util.random.RandomGenerator;
import org.apache.commons.numbers.gamma.Erfc;
import org.fl4j.privacy.accounting.GaussianMechanism;
import org.fl4j.random.Seed;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Kolmogorov-Smirnov tests that a right sampler fails once in a million runs; with seeds, never or always. */
class NoiseTest extends TensorTest {
    private static final int COUNT = 100_000;
    private static final double CRITICAL = 2.69339 / Math.sqrt(COUNT); // one in a million

    private static double distance(float[] values, DoubleUnaryOperator distribution) {
        float[] sorted = values.clone();
        Arrays.sort(sorted);
        double largest = 0;
        for (int i = 0; i < sorted.length; i++) {
            double at = distribution.applyAsDouble(sorted[i]);
            largest = Math.max(largest, Math.max(at - i / (double) sorted.length, (i + 1.0) / sorted.length - at));
        }
        return largest;
    }

    private static DoubleUnaryOperator normal(double deviation) {
        return x -> Erfc.value(-x / (deviation * Math.sqrt(2))) / 2;
    }

    private static RandomGenerator generator(boolean secure) {
        return (secure ? NoiseSource.secure() : NoiseSource.seeded()).generator(new Seed(3));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void drawsNormalNoise(boolean secure) {
        NDArray values = manager.zeros(new Shape(COUNT));
        Noise.addGaussian(values, 3, generator(secure));
        assertThat(distance(values.toFloatArray(), normal(3))).isLessThan(CRITICAL);
        assertThat(distance(values.toFloatArray(), normal(3 * 1.03)))
                .as("3 % more")
                .isGreaterThan(.004);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void drawsLaplaceNoise(boolean secure) {
        NDArray values = manager.zeros(new Shape(COUNT));
        Noise.addLaplace(values, 2, generator(secure));
        assertThat(distance(values.toFloatArray(), x -> x < 0 ? Math.exp(x / 2) / 2 : 1 - Math.exp(-x / 2) / 2))
                .isLessThan(CRITICAL);
    }

    @Test
    void repeatsOnlyWhatHasASeed() {
        assertThat(NoiseSource.seeded().generator(new Seed(1)).nextLong())
                .isEqualTo(NoiseSource.seeded().generator(new Seed(1)).nextLong());
        assertThat(NoiseSource.secure().generator(new Seed(1)).nextLong())
                .isNotEqualTo(NoiseSource.secure().generator(new Seed(1)).nextLong());
    }

    /** NIST SP 800-38A, F.5.1: the key stream of AES-128 in counter mode is its ciphertext xor its plaintext. */
    @Test
    void isTheKeyStreamOfAes() {
        HexFormat hex = HexFormat.of();
        AesGenerator aes = new AesGenerator(
                hex.parseHex("2b7e151628aed2a6abf7158809cf4f3c"), hex.parseHex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"));
        assertThat(aes.nextLong()).isEqualTo(0x874d6191b620e326L ^ 0x6bc1bee22e409f96L);
        assertThat(aes.nextLong()).isEqualTo(0x1bef6864990db6ceL ^ 0xe93d7e117393172aL);
        assertThat(aes.nextLong()).isEqualTo(0x9806f66b7970fdffL ^ 0xae2d8a571e03ac9cL);
    }

    /** How long it takes depends on what else the machine does, so it is no part of the default build. */
    @Test
    @Tag("long")
    void isFastOnAMillionCoordinates() {
        NDArray values = manager.zeros(new Shape(1_000_000));
        Noise.addGaussian(values, 1, generator(true)); // warm
        long start = System.nanoTime();
        Noise.addGaussian(values, 1, generator(true));
        assertThat((System.nanoTime() - start) / 1e9).as("seconds").isLessThan(1);
    }

    /** The mean of a million is off by less than ten of its standard errors. */
    @Test
    void isCentredOnWhatWasThere() {
        NDArray values = manager.ones(new Shape(1_000_000));
        Noise.addGaussian(values, 1, generator(true));
        assertThat(values.mean().getFloat()).isCloseTo(1, within(.01f));
    }

    @Test
    void changesNothingWithoutADeviation() {
        NDArray values = manager.ones(new Shape(1000));
        Noise.addGaussian(values, 0, generator(true));
        assertThat(values.toFloatArray()).containsOnly(1);
    }

    /**
     * Probabilities computed with 30 digits; chi-square at one false alarm in a million for eight degrees of freedom.
     */
    @ParameterizedTest
    @CsvSource({
        "1, 4, .7865707070419479, .2150126750881385",
        "1, 1, .3989422782668617, .9999999",
        "4, 1, .1994711402007163, 4",
        "100, 1, .03989422804014327, 100"
    })
    void drawsTheDiscreteGaussian(int numerator, int denominator, double atZero, double variance) {
        DiscreteGaussian sampler = new DiscreteGaussian(numerator, denominator);
        RandomGenerator random = generator(false);
        double square = 0;
        int[] counts = new int[9]; // of -4 to 4
        for (int i = 0; i < COUNT; i++) {
            int x = sampler.sample(random);
            square += (double) x * x;
            if (Math.abs(x) <= 4) {
                counts[x + 4]++;
            }
        }
        double statistic = 0;
        for (int x = -4; x <= 4; x++) {
            double expected = COUNT * atZero * Math.exp(-x * x * denominator / (2.0 * numerator));
            if (expected > 5) {
                statistic += (counts[x + 4] - expected) * (counts[x + 4] - expected) / expected;
            }
        }
        assertThat(statistic).isLessThan(42.7);
        assertThat(square / COUNT).isCloseTo(variance, within(variance * 6 * Math.sqrt(4.0 / COUNT)));
    }

    /**
     * The hockey-stick divergence of a million releases with and without a client at the bound, in bins of a quarter of
     * the deviation: neither above the exact delta by four standard deviations, nor below nine tenths of it, so that
     * noise is neither missing nor in excess.
     */
    @ParameterizedTest
    @CsvSource({".5, .23842", "1, .12694", "2, .02092"})
    void histogramsOfReleasesShowTheExactDelta(double epsilon, double delta) {
        int n = 1_000_000;
        int[][] counts = new int[2][64];
        for (int world = 0; world < 2; world++) {
            NDArray released = manager.zeros(new Shape(n));
            Noise.addGaussian(released, 1, NoiseSource.seeded().generator(new Seed(world)));
            for (float value : released.toFloatArray()) {
                counts[world][(int) Math.max(0, Math.min(63, Math.floor((value + world) * 4) + 32))]++;
            }
        }
        double shown = 0;
        double variance = 0;
        for (int bin = 0; bin < 64; bin++) {
            double excess = counts[1][bin] - Math.exp(epsilon) * counts[0][bin];
            if (excess > 0) {
                shown += excess / n;
                variance += (counts[1][bin] + Math.exp(2 * epsilon) * counts[0][bin]) / n / n;
            }
        }
        assertThat(shown).isLessThanOrEqualTo(delta + 4 * Math.sqrt(variance)).isGreaterThan(.9 * delta);
        assertThat(GaussianMechanism.delta(1, epsilon)).isCloseTo(delta, within(1e-5));
    }
}
