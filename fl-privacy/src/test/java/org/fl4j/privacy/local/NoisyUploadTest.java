package org.fl4j.privacy.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.fl4j.core.UpdateTransform;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.TrainingTask;
import org.fl4j.privacy.accounting.Mechanism;
import org.fl4j.privacy.noise.NoiseSource;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;

class NoisyUploadTest extends TensorTest {
    private static final int SIZE = 40_000;

    private float[] sent(UpdateTransform transform, int client, ParameterVector delta) {
        ModelUpdate update = update(client, 1, delta);
        TrainingTask task = new TrainingTask(round().ticket(new ClientId(client)), 0, delta);
        return values(transform.transform(update, task).delta());
    }

    private static double meanSquare(float... values) {
        double sum = 0;
        for (float value : values) {
            sum += (double) value * value;
        }
        return sum / values.length;
    }

    private ParameterVector zeros() {
        return vector(new double[SIZE]);
    }

    /** Variances at six standard errors: of normal noise (z C)^2, of Laplace noise 2 (z C)^2. */
    @Test
    void addsAllOfTheNoiseToEachUpdate() {
        NoisyUpload normal = NoisyUpload.local(2, new Mechanism.Gaussian(1.5), NoiseSource.seeded());
        assertThat(meanSquare(sent(normal, 0, zeros()))).isCloseTo(9, within(9 * 6 * Math.sqrt(2.0 / SIZE)));
        NoisyUpload laplace = NoisyUpload.local(2, new Mechanism.Laplace(1.5), NoiseSource.seeded());
        assertThat(meanSquare(sent(laplace, 0, zeros()))).isCloseTo(18, within(18 * 6 * Math.sqrt(5.0 / SIZE)));
        assertThat(sent(normal, 0, zeros())).containsExactly(sent(normal, 0, zeros()));
        assertThat(sent(normal, 0, zeros())).as("another client").isNotEqualTo(sent(normal, 1, zeros()));
    }

    @Test
    void clipsBeforeItAddsNoise() {
        NoisyUpload silent = NoisyUpload.local(1, new Mechanism.Gaussian(0), NoiseSource.seeded());
        assertThat(sent(silent, 0, vector(3, 4))).containsExactly(new float[] {.6f, .8f}, within(1e-5f));
        NoisyUpload silentLaplace = NoisyUpload.local(1, new Mechanism.Laplace(0), NoiseSource.seeded());
        assertThat(sent(silentLaplace, 0, vector(3, -1))).containsExactly(new float[] {.75f, -.25f}, within(1e-5f));
    }

    /** The sum over ten clients has the deviation of central noise. */
    @Test
    void sharesAddUpToCentralNoise() {
        NoisyUpload share = NoisyUpload.share(2, 1.5, 10, NoiseSource.seeded());
        float[] sum = new float[SIZE];
        for (int client = 0; client < 10; client++) {
            float[] one = sent(share, client, zeros());
            for (int i = 0; i < SIZE; i++) {
                sum[i] += one[i];
            }
        }
        assertThat(meanSquare(sum)).isCloseTo(9, within(9 * 6 * Math.sqrt(2.0 / SIZE)));
        assertThat(Arrays.stream(new int[] {0, 1})
                        .mapToDouble(c -> meanSquare(sent(share, c, zeros())))
                        .average()
                        .orElseThrow())
                .isCloseTo(.9, within(.05));
    }

    @Test
    void aBrokenUpdateLeavesAsNoiseAlone() {
        NoisyUpload normal = NoisyUpload.local(2, new Mechanism.Gaussian(1.5), NoiseSource.seeded());
        float[] noise = sent(normal, 0, vector(0, 0, 0));
        assertThat(sent(normal, 0, vector(1e6, Double.NaN, 3))).containsExactly(noise);
        assertThat(sent(normal, 0, vector(1e6, Double.POSITIVE_INFINITY, 3))).containsExactly(noise);
    }

    @Test
    void refusesWhatWouldLeak() {
        assertThatThrownBy(() -> new NoisyUpload(1, new Mechanism.Laplace(1), 5, NoiseSource.seeded()))
                .hasMessage("mechanism of shared noise must be Gaussian, whose shares add up, but was"
                        + " Laplace[noiseMultiplier=1.0]");
        NoisyUpload normal = NoisyUpload.local(2, new Mechanism.Gaussian(1.5), NoiseSource.seeded());
        assertThatThrownBy(() -> sent(normal, 0, vector(layoutWithBuffers(), 1, 2, 3, 4, 5)))
                .hasMessageStartingWith("model under differential privacy must be without buffers");
    }
}
