package org.fl4j.privacy.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import org.fl4j.privacy.accounting.GaussianMechanism;
import org.fl4j.privacy.noise.Noise;
import org.fl4j.privacy.noise.NoiseSource;
import org.fl4j.random.Seed;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Expected values were computed with 30 digits. */
class PrivacyAuditTest extends TensorTest {
    private static final int RUNS = 100_000;
    private static final double DELTA = 1e-5;

    @ParameterizedTest
    @CsvSource({
        "90, 10, 5, 95, 1e-5, .05, 1.987962424",
        "900, 100, 100, 900, 1e-5, .05, 1.989694946",
        "500, 0, 0, 500, 0, .01, 4.541915810"
    })
    void boundsByTwoWorlds(
            int hits, int misses, int alarms, int refusals, double delta, double level, double expected) {
        assertThat(PrivacyAudit.twoWorlds(hits, misses, alarms, refusals, delta, level))
                .isCloseTo(expected, within(1e-8));
    }

    @ParameterizedTest
    @CsvSource({
        "1000, 100, 80, 0, .05, .958392045",
        "1000, 100, 100, 0, .05, 3.492965431",
        "1000, 100, 90, 1e-5, .05, 1.626143481",
        "5000, 1000, 600, 1e-5, .05, .296253113",
        "5000, 1000, 600, 0, .05, .297467924",
        "10000, 10000, 5500, 0, .05, .167417767",
        "200, 20, 20, 1e-5, .05, 1.816472797"
    })
    void boundsByOneRun(int canaries, int guesses, int right, double delta, double level, double expected) {
        assertThat(PrivacyAudit.oneRun(canaries, guesses, right, delta, level)).isCloseTo(expected, within(1e-8));
    }

    /** A hundred thousand releases without and with a client that sends the longest update, in units of the bound. */
    private AuditReport audit(double claimed, double actual, double threshold) {
        NDArray without = manager.zeros(new Shape(RUNS));
        Noise.addGaussian(without, actual, NoiseSource.seeded().generator(new Seed(1)));
        NDArray with = manager.ones(new Shape(RUNS));
        Noise.addGaussian(with, actual, NoiseSource.seeded().generator(new Seed(2)));
        int hits = (int) with.gt(threshold).countNonzero().getLong();
        int alarms = (int) without.gt(threshold).countNonzero().getLong();
        double shown = PrivacyAudit.twoWorlds(hits, RUNS - hits, alarms, RUNS - alarms, DELTA, .001);
        return new AuditReport(GaussianMechanism.epsilon(claimed, DELTA), shown, DELTA, .999);
    }

    @Test
    void findsNoiseThatIsTooSmallByTwoAndPassesTheRightOne() {
        AuditReport honest = audit(4, 4, 8);
        assertThat(honest.contradicts()).as(honest.toString()).isFalse();
        assertThat(honest.shown()).isGreaterThan(.2);
        AuditReport half = audit(4, 2, 5);
        assertThat(half.contradicts()).as(half.toString()).isTrue();
        assertThat(half.toString()).contains("at most 0.9263 by proof").endsWith("CONTRADICTION");
    }

    @Test
    void showsNothingWithoutSuccess() {
        assertThat(PrivacyAudit.twoWorlds(50, 50, 50, 50, 0, .05)).isZero();
        assertThat(PrivacyAudit.oneRun(100, 100, 50, 0, .05)).isZero();
        assertThat(PrivacyAudit.twoWorlds(0, 100, 0, 100, 1e-5, .05)).isZero();
        assertThat(PrivacyAudit.twoWorlds(100, 0, 100, 0, 1e-5, .05)).isZero();
        assertThatThrownBy(() -> PrivacyAudit.oneRun(10, 11, 5, 0, .05))
                .hasMessage("guesses must be in [1, 10], but was 11");
    }
}
