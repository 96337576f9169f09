package org.fl4j.privacy.clipping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.TrainingTask;
import org.fl4j.random.Seed;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterRole;
import org.fl4j.tensor.Tensors;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Expected values are those of PyTorch's clip_grad_norm_, run on the CPU, and of float64 by hand. */
class GradientClippingTest extends TensorTest {
    private NDArray array(float... values) {
        return Tensors.create(manager, values, new Shape(values.length));
    }

    @ParameterizedTest
    @CsvSource({
        "2, 6.5, 13, 1.4999999, 1.9999999, 5.9999995",
        "2, 13, 13, 2.9999998, 3.9999997, 11.9999991",
        "2, 26, 13, 3, 4, 12",
        "1, 2, 19, .3157895, .4210526, 1.2631578",
        "3, 2, 12.207054953820636, .491519, .6553587, 1.966076",
        "Infinity, 2, 12, .5, .6666666, 1.9999998",
        "2, 0, 13, 0, 0, 0"
    })
    void clipsAsPyTorchDoes(double p, double maxNorm, double norm, float a, float b, float c) {
        NDArray first = array(3, 4);
        NDArray second = array(12);
        double before = GradientClipping.clipNorm(List.of(first, second), maxNorm, p, NonFinitePolicy.RAISE);
        assertThat(before).isCloseTo(norm, within(1e-12));
        assertThat(first.toFloatArray()).containsExactly(new float[] {a, b}, within(3e-7f));
        assertThat(second.toFloatArray()).containsExactly(new float[] {c}, within(1e-6f));
    }

    @ParameterizedTest
    @CsvSource({"1, 19, .05263158", "2, 13, .07692307", "3, 12.207054953820636, .08191984", "Infinity, 12, .08333333"})
    void takesTheNormOfAllElementsTogether(double p, double norm, double coefficient) {
        NDArray first = array(3, 4);
        NDArray second = array(0, 12);
        assertThat(GradientClipping.clipNorm(List.of(first, second), 1, p, NonFinitePolicy.RAISE))
                .isCloseTo(norm, within(1e-12));
        assertThat(first.toFloatArray())
                .containsExactly(new float[] {(float) (3 * coefficient), (float) (4 * coefficient)}, within(1e-7f));
        assertThat(GradientClipping.clipNorm(List.of(), 1, p, NonFinitePolicy.RAISE))
                .isZero();
    }

    @Test
    void clipsShardsByTheNormOfTheWhole() {
        NDArray first = array(3, 0);
        NDArray second = array(0, 4);
        assertThat(GradientClipping.shardedNorm(2, 3, 4)).isEqualTo(5); // and not their mean
        assertThat(GradientClipping.shardedNorm(Double.POSITIVE_INFINITY, 3, 4)).isEqualTo(4);
        assertThat(GradientClipping.replicatedNorm(5, 5)).isEqualTo(5);
        double norm = GradientClipping.clipNormOfShards(
                List.of(List.of(first), List.of(second)), 1, 2, NonFinitePolicy.RAISE);
        assertThat(norm).isEqualTo(5);
        assertThat(first.toFloatArray()).containsExactly(new float[] {.6f, 0}, within(1e-6f));
        assertThat(second.toFloatArray()).containsExactly(new float[] {0, .8f}, within(1e-6f));
        assertThatThrownBy(() -> GradientClipping.replicatedNorm(5, 6))
                .hasMessage("norm of a replicated gradient must be that of the other copies, 5.0, but was 6.0");
    }

    @Test
    void shardsOfAnySizeGiveTheNormOfTheirConcatenation() {
        RandomGenerator random = new Seed(2).generator();
        for (int run = 0; run < 200; run++) {
            double p = List.of(1.0, 1.5, 2.0, 7.0, Double.POSITIVE_INFINITY).get(run % 5);
            float[] all = new float[30];
            for (int i = 0; i < all.length; i++) {
                all[i] = (float) (random.nextGaussian() * Math.pow(10, random.nextDouble(-15, 15)));
            }
            int cut = 1 + random.nextInt(28);
            double whole = GradientClipping.norm(List.of(array(all)), p);
            double parts = GradientClipping.norm(
                    List.of(array(Arrays.copyOf(all, cut)), array(Arrays.copyOfRange(all, cut, 30))), p);
            assertThat(parts).isCloseTo(whole, within(1e-12 * whole));
        }
    }

    @Test
    void doesWhatThePolicySaysAboutBrokenGradients() {
        assertThatThrownBy(() -> GradientClipping.clipNorm(List.of(array(Float.NaN, 1)), 1, 2, NonFinitePolicy.RAISE))
                .isInstanceOf(ArithmeticException.class)
                .hasMessage("norm of gradients must be finite, but was NaN");
        NDArray skipped = array(Float.POSITIVE_INFINITY, 1);
        GradientClipping.clipNorm(List.of(skipped), 1, 2, NonFinitePolicy.SKIP);
        assertThat(skipped.toFloatArray()).containsExactly(Float.POSITIVE_INFINITY, 1);
        NDArray zeroed = array(Float.NaN, 1);
        GradientClipping.clipNorm(List.of(zeroed), 1, 2, NonFinitePolicy.ZERO);
        assertThat(zeroed.toFloatArray()).containsExactly(0, 0);
        NDArray scaled = array(Float.POSITIVE_INFINITY, 1);
        double norm = GradientClipping.clipNorm(List.of(scaled), 1, 2, NonFinitePolicy.SCALE);
        assertThat(norm).isInfinite();
        assertThat(scaled.toFloatArray()).containsExactly(Float.NaN, 0);
    }

    @Test
    void clampsValues() {
        NDArray values = array(-3, .5f, 12);
        GradientClipping.clipValue(List.of(values), 1);
        assertThat(values.toFloatArray()).containsExactly(-1, .5f, 1);
    }

    @Test
    void aThresholdFollowsItsMetricWithinBounds() {
        DynamicThreshold threshold = new DynamicThreshold(1).after(2);
        assertThat(threshold.bound()).isEqualTo(.9);
        threshold = threshold.after(2);
        assertThat(threshold.bound()).isCloseTo(.81, within(1e-15));
        assertThat(threshold.after(.5).bound()).isCloseTo(.9, within(1e-15));
        assertThat(new DynamicThreshold(1e-3).after(2).bound()).isEqualTo(1e-3);
        assertThat(new DynamicThreshold(1e3).after(.5).bound()).isEqualTo(1e3);
        assertThatThrownBy(() -> new DynamicThreshold(2000))
                .hasMessage("bound must be in [0.001, 1000.0], but was 2000.0");
        assertThatThrownBy(() -> new DynamicThreshold(1, 1, .1, 10))
                .hasMessage("factor must be in (0, 1), but was 1.0");
    }

    @Test
    void boundsEachLayerAndSoTheWhole() {
        ParameterLayout layout = new ParameterLayout.Builder()
                .add("a", new Shape(2), ParameterRole.TRAINABLE)
                .add("b", new Shape(1), ParameterRole.TRAINABLE)
                .build();
        ModelUpdate update = update(0, 1, vector(layout, 3, 4, 12));
        TrainingTask task = new TrainingTask(round().ticket(new ClientId(0)), 0, update.delta());
        LayerClipping layers = new LayerClipping(Map.of("a", .5, "b", 1.2));
        assertThat(layers.clippingBound()).isCloseTo(1.3, within(1e-12));
        assertThat(values(layers.transform(update, task).delta()))
                .containsExactly(new float[] {.3f, .4f, 1.2f}, within(3e-6f));
        LayerClipping even = LayerClipping.even(layout, 1.3);
        assertThat(even.clippingBound()).isCloseTo(1.3, within(1e-12));
        assertThat(even.bounds().get("a")).isEqualTo(even.bounds().get("b"));
        assertThatThrownBy(() -> new LayerClipping(Map.of("a", 1.0, "b", 1.0, "c", 1.0)).transform(update, task))
                .hasMessage("name of a clipping bound must be a parameter's, but was c");
        assertThatThrownBy(() -> new LayerClipping(Map.of("a", 1.0)).transform(update, task))
                .hasMessage("parameters with a clipping bound must be all, b too, but was [a]");
    }

    @Test
    void highPowersNeitherOverflowNorVanish() {
        assertThat(GradientClipping.norm(List.of(array(1e-3f, -1e-3f)), 150))
                .isCloseTo(1e-3 * Math.pow(2, 1 / 150.0), within(1e-9));
        assertThat(GradientClipping.norm(List.of(array(1e30f, 1e30f)), 20))
                .isCloseTo(1e30 * Math.pow(2, .05), within(1e24));
        ModelUpdate update = update(0, 1, vector(1e-3, -1e-3));
        TrainingTask task = new TrainingTask(round().ticket(new ClientId(0)), 0, update.delta());
        assertThat(values(new NormClipping(1e-4, 150).transform(update, task).delta())[0])
                .isLessThanOrEqualTo(1e-4f);
        ModelUpdate huge = update(0, 1, vector(3e38, 1e38));
        float[] clipped = values(new NormClipping(1e-4).transform(huge, task).delta());
        assertThat(Math.hypot(clipped[0], clipped[1])).isLessThanOrEqualTo(1e-4);
    }

    @Test
    void refusesNormsThatAreNone() {
        assertThatThrownBy(() -> GradientClipping.norm(List.of(), .5)).hasMessage("p must be at least 1, but was 0.5");
        assertThatThrownBy(() -> new NormClipping(1, Double.NaN)).hasMessage("p must be at least 1, but was NaN");
        assertThatThrownBy(() -> GradientClipping.clipNorm(List.of(), -1, 2, NonFinitePolicy.RAISE))
                .hasMessage("maxNorm must be at least 0 and finite, but was -1.0");
    }
}
