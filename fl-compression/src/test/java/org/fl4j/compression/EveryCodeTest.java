package org.fl4j.compression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.fl4j.random.Seed;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for every code: sizes, means, contractions, and messages that nobody wrote. */
class EveryCodeTest {
    private static final int TRIALS = 4000;
    private static final double ERRORS = 6; // standard errors that a mean may be off, of which none is in 10^8 trials

    static Stream<VectorCode> codes() {
        return Codes.all().stream();
    }

    static Stream<VectorCode> unbiased() {
        return codes().filter(code -> code.loss() == VectorCode.Loss.UNBIASED);
    }

    static Stream<VectorCode> contractions() {
        return codes().filter(code -> code.loss() == VectorCode.Loss.CONTRACTION);
    }

    private static List<float[]> vectors() {
        float[] zeros = new float[33];
        float[] constant = new float[40];
        Arrays.fill(constant, -.25f);
        float[] tiny = new float[20];
        Arrays.fill(tiny, Float.MIN_VALUE);
        return List.of(
                new float[] {0},
                new float[] {-0f},
                new float[] {-3},
                new float[] {1, -1},
                zeros,
                constant,
                tiny,
                new float[] {1e30f, -1e30f, 1, 0},
                Codes.normal(7, 1),
                Codes.normal(64, 2),
                Codes.normal(1000, 3),
                Codes.heavy(997, 4));
    }

    @ParameterizedTest
    @MethodSource("codes")
    void takesNoMoreThanItPlans(VectorCode code) {
        for (float[] vector : vectors()) {
            float[] given = vector.clone();
            byte[] bytes = Codes.bytes(code, vector, 5);
            assertThat(vector).isEqualTo(given);
            assertThat(8L * bytes.length).isLessThan(code.mostBits(vector.length) + 8);
            float[] read = Codes.read(code, vector.length, bytes);
            assertThat(read).hasSize(vector.length);
            for (float value : read) {
                assertThat(value).isFinite();
            }
            assertThat(Codes.bytes(code, vector, 5)).isEqualTo(bytes);
        }
    }

    @ParameterizedTest
    @MethodSource("codes")
    void keepsZeros(VectorCode code) {
        for (float value : Codes.sent(code, new float[100], 1)) {
            assertThat(value).isZero();
        }
    }

    /** The mean of many messages is within six standard errors of the vector, in each value. */
    @ParameterizedTest
    @MethodSource("unbiased")
    void hasTheRightMean(VectorCode code) {
        float[] vector = Codes.normal(24, 7);
        for (int i = 0; i < vector.length; i++) { // or a value is sent so rarely that errors cannot be estimated
            vector[i] += Math.copySign(.1f, vector[i]);
        }
        double[] sums = new double[vector.length];
        double[] squares = new double[vector.length];
        for (int trial = 0; trial < TRIALS; trial++) {
            float[] read = Codes.sent(code, vector, 1000L + trial);
            for (int i = 0; i < vector.length; i++) {
                double error = (double) read[i] - vector[i];
                sums[i] += error;
                squares[i] += error * error;
            }
        }
        double rounding = 1e-6 * Math.sqrt(Codes.squares(vector));
        for (int i = 0; i < vector.length; i++) {
            double standardError = Math.sqrt(squares[i]) / TRIALS;
            assertThat(Math.abs(sums[i] / TRIALS))
                    .as(code + ", value " + i)
                    .isLessThanOrEqualTo(ERRORS * standardError + rounding);
        }
    }

    @ParameterizedTest
    @MethodSource("contractions")
    void losesNoMoreThanThereIs(VectorCode code) {
        for (float[] vector : vectors()) {
            double squares = Codes.squares(vector);
            assertThat(Codes.squaredError(vector, Codes.sent(code, vector, 3)))
                    .isLessThanOrEqualTo(squares * (1 + 1e-6));
        }
    }

    /** Whatever bytes arrive, a vector of the right length is read, or they are refused. */
    @ParameterizedTest
    @MethodSource("codes")
    void readsOrRefusesWhatNobodyWrote(VectorCode code) {
        RandomGenerator random = new Seed(11).generator();
        byte[] bytes = Codes.bytes(code, Codes.heavy(300, 2), 9);
        assertThatThrownBy(() -> Codes.read(code, 300, Arrays.copyOf(bytes, bytes.length + 1)))
                .isInstanceOf(IllegalArgumentException.class);
        for (int trial = 0; trial < 500; trial++) {
            byte[] broken = Arrays.copyOf(bytes, trial % 3 == 0 ? random.nextInt(bytes.length) : bytes.length);
            for (int i = 0; i < 1 + trial % 5 && broken.length > 0; i++) {
                broken[random.nextInt(Math.min(broken.length, trial % 2 == 0 ? 24 : broken.length))] =
                        (byte) random.nextInt();
            }
            assertThatCode(() -> {
                        try {
                            assertThat(Codes.read(code, 300, broken)).hasSize(300);
                        } catch (IllegalArgumentException refused) {
                            assertThat(refused).hasMessageContaining("must be");
                        }
                    })
                    .doesNotThrowAnyException();
        }
    }
}
