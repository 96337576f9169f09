package org.fl4j.compression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.fl4j.random.Seed;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterRole;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each code against its paper. */
class CodesTest extends TensorTest {
    private static final int SIZE = 10_000;

    @Test
    void topKIsFedLabs() {
        // k = ceil(ratio * d); of equal sizes the first
        assertThat(Codes.sent(new TopK(.3), new float[] {1, -5, 2, 0, 5, -2, 2}, 0))
                .containsExactly(0, -5, 2, 0, 5, 0, 0);
        assertThat(Codes.bytes(new TopK(.01), Codes.normal(SIZE, 1), 0)).hasSize((100 * (32 + 14) + 7) / 8);
        assertThat(TopK.count(1e-9, 3)).isEqualTo(1);
        assertThat(TopK.count(1, 3)).isEqualTo(3);
    }

    /** The share of what is lost is at most 1 - k / d, and equal to it for a constant vector. */
    @Test
    void topKContracts() {
        float[] vector = Codes.normal(SIZE, 1);
        assertThat(Codes.squaredError(vector, Codes.sent(new TopK(.1), vector, 0)))
                .isLessThan(.9 * Codes.squares(vector));
        Arrays.fill(vector, 2);
        assertThat(Codes.squaredError(vector, Codes.sent(new TopK(.1), vector, 0)))
                .isEqualTo(.9 * Codes.squares(vector), within(1e-6));
    }

    /** Sattler et al. 2019, equations of the bits of a position at random. */
    @Test
    void sparseTernaryCompressionTakesThePapersBits() {
        float[] vector = Codes.normal(1_000_000, 1);
        byte[] bytes = Codes.bytes(TopK.sparseTernary(.01), vector, 0);
        double bits = (8. * bytes.length - 32) / 10_000 - 1; // without the mean, and without signs
        int width = Positions.golombWidth(10_000, 1_000_000);
        assertThat(width).isEqualTo(6);
        assertThat(bits).isEqualTo(width + 1 / (1 - Math.pow(.99, 1 << width)), within(.02));
        float[] read = Codes.sent(TopK.sparseTernary(.01), vector, 0);
        int[] chosen = Largest.positions(vector, 10_000);
        double mean = IntStream.of(chosen)
                .mapToDouble(i -> Math.abs(vector[i]))
                .average()
                .orElseThrow();
        for (int i : chosen) {
            assertThat(read[i]).isEqualTo((float) Math.copySign(mean, vector[i]));
        }
    }

    @Test
    void signsContractAsTheirLemmaSays() {
        float[] vector = Codes.heavy(SIZE, 3);
        double sum = 0;
        for (float value : vector) {
            sum += Math.abs(value);
        }
        assertThat(Codes.squaredError(vector, Codes.sent(new ScaledSign(), vector, 0)))
                .isEqualTo(Codes.squares(vector) - sum * sum / SIZE, within(1e-5 * Codes.squares(vector)));
        assertThat(Codes.bytes(new ScaledSign(), vector, 0)).hasSize(4 + SIZE / 8);
    }

    @Test
    void qsgdsGoldenVector() {
        for (Qsgd.Form form : Qsgd.Form.values()) {
            assertThat(Codes.sent(new Qsgd(4, form), new float[] {1, 0, 0, 0}, 1))
                    .containsExactly(1, 0, 0, 0);
        }
    }

    /**
     * Alistarh et al. 2017, theorem 3.2: in the mean, the error is at most min(d / s^2, sqrt(d) / s) of the squared
     * norm, and at most s (s + sqrt(d)) values are not zero; theorem 3.4: bits.
     */
    @ParameterizedTest
    @ValueSource(ints = {1, 10, 100})
    void qsgdIsWithinTheBoundsOfItsPaper(int levels) {
        float[] vector = Codes.normal(SIZE, 4);
        Qsgd code = new Qsgd(levels, Qsgd.Form.PAPER);
        double error = 0;
        double count = 0;
        double bits = 0;
        for (int trial = 0; trial < 20; trial++) {
            byte[] bytes = Codes.bytes(code, vector, trial);
            float[] read = Codes.read(code, SIZE, bytes);
            error += Codes.squaredError(vector, read) / 20;
            count += Codes.squares(count(read)) / 20;
            bits += 8. * bytes.length / 20;
        }
        double s = levels;
        assertThat(error).isLessThan(Math.min(SIZE / (s * s), Math.sqrt(SIZE) / s) * Codes.squares(vector));
        double values = s * (s + Math.sqrt(SIZE));
        assertThat(count).isLessThanOrEqualTo(Math.min(values, SIZE));
        double bound = (3 + 1.5 * Math.log(2 * (s * s + SIZE) / values) / Math.log(2)) * values + 32;
        assertThat(bits).isLessThan(1.5 * bound); // their 3/2 is 3/2 + o(1)
    }

    private static float[] count(float... values) {
        float[] ones = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            ones[i] = values[i] == 0 ? 0 : 1;
        }
        return ones;
    }

    /** FedLab with 4 bits has 16 levels above zero, for which 5 bits are needed, and a sign. */
    @Test
    void qsgdOfFixedWidthIsWithinALevel() {
        float[] vector = Codes.heavy(SIZE, 4);
        float[] read = Codes.sent(new Qsgd(16, Qsgd.Form.FIXED), vector, 3);
        double norm = 0;
        for (float value : vector) {
            norm = Math.max(norm, Math.abs(value));
        }
        for (int i = 0; i < SIZE; i++) {
            assertThat(Math.abs(read[i] - vector[i])).isLessThanOrEqualTo((float) (norm / 16 * (1 + 1e-6)));
        }
        assertThat(Codes.bytes(new Qsgd(16, Qsgd.Form.FIXED), vector, 3)).hasSize(4 + SIZE * 6 / 8);
    }

    @Test
    void ternaryGradientsHaveThreeValuesAndFiveInAByte() {
        float[] vector = Codes.normal(SIZE + 3, 5);
        float[] read = Codes.sent(new TernGrad(0), vector, 1);
        float largest = 0;
        for (float value : vector) {
            largest = Math.max(largest, Math.abs(value));
        }
        for (int i = 0; i < read.length; i++) {
            assertThat(read[i]).isIn(0f, Math.copySign(largest, vector[i]));
        }
        assertThat(Codes.bytes(new TernGrad(0), vector, 1)).hasSize(4 + SIZE / 5 + 1);
        float clipped = 0;
        for (float value : Codes.sent(new TernGrad(2.5), vector, 1)) {
            clipped = Math.max(clipped, value);
        }
        assertThat(clipped).isEqualTo(2.5f, within(.1f)); // of values of deviation 1
    }

    @Test
    void theNearestLevelIsHalfAStepAway() {
        float[] vector = Codes.normal(SIZE, 6);
        for (int bits = 1; bits <= 8; bits++) {
            float[] read = Codes.sent(new UniformQuantiser(bits, UniformQuantiser.Rounding.NEAREST), vector, 0);
            float[] sorted = vector.clone();
            Arrays.sort(sorted);
            double half = ((double) sorted[SIZE - 1] - sorted[0]) / ((1 << bits) - 1) / 2;
            for (int i = 0; i < SIZE; i++) {
                assertThat(Math.abs((double) read[i] - vector[i])).isLessThanOrEqualTo(half * (1 + 1e-5));
            }
        }
    }

    /** Of all values of float16, and of those between two of them, as the tensor engine rounds. */
    @Test
    void halvesAreThoseOfTheEngine() {
        float[] values = new float[4 * 0x7C00];
        for (int bits = 0; bits < 0x7C00; bits++) {
            float value = FloatFormat.FLOAT16.read(bits);
            float next = bits + 1 < 0x7C00 ? FloatFormat.FLOAT16.read(bits + 1) : value;
            values[4 * bits] = value;
            values[4 * bits + 1] = -(value + (next - value) / 2);
            values[4 * bits + 2] = value + (next - value) * .49f;
            values[4 * bits + 3] = value + (next - value) * .51f;
        }
        float[] engine = manager.create(values)
                .toType(DataType.FLOAT16, true)
                .toType(DataType.FLOAT32, true)
                .toFloatArray();
        assertThat(Codes.sent(FloatFormat.FLOAT16, values, 0)).containsExactly(engine);
        assertThat(Codes.sent(FloatFormat.FLOAT16, new float[] {1e6f, -1e6f, 1e-9f}, 0))
                .containsExactly(65504, -65504, 0);
        assertThat(Codes.sent(
                        FloatFormat.BFLOAT16,
                        new float[] {1, 1 + 0x1p-8f, 1 + 3 * 0x1p-8f, -1 - 0x1.8p-8f, Float.MAX_VALUE},
                        0))
                .containsExactly(1, 1, 1 + 0x1p-6f, -1 - 0x1p-7f, 0x1.FEp127f);
    }

    /** Max 1960, table I. */
    @Test
    void centroidsOfNormalNumbers() {
        float[][] upper = {
            {.7979f},
            {.4528f, 1.510f},
            {.2451f, .7560f, 1.344f, 2.152f},
            {.1284f, .3881f, .6568f, .9424f, 1.256f, 1.618f, 2.069f, 2.733f}
        };
        for (int bits = 1; bits <= upper.length; bits++) {
            NormalCentroids centroids = NormalCentroids.of(bits);
            int half = 1 << (bits - 1);
            for (int i = 0; i < half; i++) {
                assertThat(centroids.value(half + i)).isEqualTo(upper[bits - 1][i], within(6e-4f));
                assertThat(centroids.value(half - 1 - i)).isEqualTo(-centroids.value(half + i));
                assertThat(centroids.nearest(centroids.value(half + i))).isEqualTo(half + i);
            }
        }
        assertThat(NormalCentroids.of(8).nearest(100)).isEqualTo(255);
        assertThat(NormalCentroids.of(8).nearest(-100)).isZero();
    }

    @Test
    void rotationsKeepLengthsAndAreUndone() {
        for (int size : new int[] {1, 2, 3, 5, 1000, 4096, 20_000}) {
            float[] vector = Codes.heavy(size, size);
            float[] rotated = vector.clone();
            new Rotation(new Seed(4)).apply(rotated);
            assertThat(Codes.squares(rotated)).isEqualTo(Codes.squares(vector), within(1e-5 * Codes.squares(vector)));
            new Rotation(new Seed(4)).invert(rotated);
            assertThat(Codes.squaredError(vector, rotated)).isLessThan(1e-10 * Codes.squares(vector));
        }
        float[] one = new float[4096];
        one[17] = 1;
        new Rotation(new Seed(4)).apply(one);
        for (float value : one) {
            assertThat(Math.abs(value)).isEqualTo(1 / 64f);
        }
    }

    /**
     * The mean squared error is {@code 1 / R^2 - 1} of the squared norm, R the correlation of a normal number with its
     * centroid: pi / 2 - 1 for DRIVE (theorem 4); errors of independent messages average out.
     */
    @ParameterizedTest
    @CsvSource({"1, .3634", "2, .1175", "3, .03454", "4, .009497"}) // Max 1960: distortions
    void edenHasTheErrorOfItsPaper(int bits, double distortion) {
        float[] vector = Codes.heavy(SIZE, 8);
        int trials = 40;
        double error = 0;
        double[] sum = new double[SIZE];
        for (int trial = 0; trial < trials; trial++) {
            float[] read = Codes.sent(new Eden(bits), vector, trial);
            error += Codes.squaredError(vector, read) / trials / Codes.squares(vector);
            for (int i = 0; i < SIZE; i++) {
                sum[i] += read[i];
            }
        }
        double expected = 1 / (1 - distortion) - 1;
        assertThat(error).isEqualTo(expected, within(.05 * expected));
        double ofMean = 0;
        for (int i = 0; i < SIZE; i++) {
            ofMean += Math.pow(sum[i] / trials - vector[i], 2) / Codes.squares(vector);
        }
        assertThat(ofMean).isLessThan(1.3 * expected / trials);
    }

    @Test
    void sketchesAreLinear() {
        CountSketch code = new CountSketch(3, .5);
        float[] a = new float[50];
        float[] b = new float[50];
        for (int i = 0; i < 50; i++) {
            a[i] = i;
            b[i] = 3 - i % 7;
        }
        BitReader first = new BitReader(Codes.bytes(code, a, 6));
        BitReader second = new BitReader(Codes.bytes(code, b, 6));
        float[] sum = new float[50];
        for (int i = 0; i < 50; i++) {
            sum[i] = a[i] + b[i];
        }
        BitReader both = new BitReader(Codes.bytes(code, sum, 6));
        assertThat(both.number()).isEqualTo(first.number()).isEqualTo(second.number());
        for (int i = 0; i < 3 * 9; i++) {
            assertThat(both.float32()).isEqualTo(first.float32() + second.float32());
        }
        float[] spike = new float[1000];
        spike[123] = 7;
        assertThat(Codes.sent(new CountSketch(5, .1), spike, 2)[123]).isEqualTo(7);
    }

    @Test
    void eliasNumbersAreShortForSmallOnes() {
        assertThat(IntStream.of(1, 2, 3, 4, 8, 16, 100).map(Elias::length)).containsExactly(1, 3, 3, 6, 7, 11, 13);
        int[] numbers = {1, 2, 3, 4, 7, 8, 15, 16, 1023, 1024, 1025, 65_535, 1_000_000, Integer.MAX_VALUE};
        BitWriter out = new BitWriter();
        IntStream.of(numbers).forEach(number -> Elias.write(number, out));
        BitReader in = new BitReader(out.toBytes());
        for (int number : numbers) {
            assertThat(Elias.read(in)).isEqualTo(number);
        }
        in.requireEnd();
    }

    @Test
    void entropyCodesShortenLevelsThatAreNotAlike() {
        VectorCode plain = new UniformQuantiser(8, UniformQuantiser.Rounding.NEAREST);
        float[] vector = Codes.heavy(SIZE, 2);
        assertThat(Codes.bytes(new EntropyCoded(plain), vector, 1).length)
                .isLessThan(Codes.bytes(plain, vector, 1).length / 2);
        assertThat(Codes.sent(new EntropyCoded(plain), vector, 1)).containsExactly(Codes.sent(plain, vector, 1));
    }

    /** Whatever is coded, also what DEFLATE cannot shorten, and more than one of its blocks. */
    @Test
    void entropyCodesOfNoiseTakeWhatIsPlanned() {
        VectorCode code = new EntropyCoded(FloatFormat.FLOAT32);
        RandomGenerator random = new Seed(3).generator();
        float[] noise = new float[200_000];
        for (int i = 0; i < noise.length; i++) { // all bits at random, but for those of numbers that are not finite
            noise[i] = Float.intBitsToFloat(random.nextInt() & ~(1 << 23));
        }
        byte[] bytes = Codes.bytes(code, noise, 1);
        assertThat(8L * bytes.length).isLessThan(code.mostBits(noise.length) + 8);
        assertThat(Codes.read(code, noise.length, bytes)).containsExactly(noise);
    }

    @Test
    void refusesWhatIsNoSetting() {
        assertThatThrownBy(() -> new BitWriter().bits(0, 33))
                .hasMessage("count of bits must be in [0, 32], but was 33");
        ParameterLayout huge = new ParameterLayout.Builder()
                .add("w", new Shape(1L << 30), ParameterRole.TRAINABLE)
                .build();
        assertThatThrownBy(() -> new VectorCodec(new ScaledSign()).plannedBytes(huge))
                .hasMessageContaining("trainable parameters of an encoded delta must be at most 536870911");
        assertThatThrownBy(() -> new TopK(0)).hasMessage("fraction must be in (0, 1], but was 0.0");
        assertThatThrownBy(() -> new TopK(1.5)).hasMessage("fraction must be in (0, 1], but was 1.5");
        assertThatThrownBy(() -> new Qsgd(0, Qsgd.Form.PAPER)).hasMessage("levels must be in [1, 65535], but was 0");
        assertThatThrownBy(() -> new KeptValues(9))
                .hasMessage("bits of a kept value must be 32, 16 or 1 to 8, but was 9");
        assertThatThrownBy(() -> new CountSketch(2, .1))
                .hasMessage("rows must be odd, so that there is a median, but was 2");
        assertThatThrownBy(() -> new Eden(0)).hasMessage("bits must be in [1, 8], but was 0");
        assertThatThrownBy(() -> new Threshold(0, Positions.FIXED, new KeptValues(32)))
                .hasMessageStartingWith("least must be positive");
        assertThatThrownBy(() -> Codes.bytes(new Qsgd(1, Qsgd.Form.PAPER), new float[] {3e38f, 3e38f}, 1))
                .hasMessage("number of an encoded delta must be a finite float32, but was Infinity");
    }
}
