package org.fl4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import org.fl4j.tensor.Tensors;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;

/** Closed forms on one parameter, computed here in float64. */
class ClientOptimizerTest extends TensorTest {
    private static final double[] GRADIENTS = {.5, -1.5, 2, .25};

    private double run(ClientOptimizer optimizer, double start, double rate) {
        NDArray w = Tensors.create(manager, new float[] {(float) start}, new Shape(1));
        ClientOptimizer.Stepper stepper = optimizer.start(w);
        for (double gradient : GRADIENTS) {
            stepper.step(w, Tensors.create(manager, new float[] {(float) gradient}, new Shape(1)), rate);
        }
        return w.getFloat(0);
    }

    @Test
    void descends() {
        assertThat(run(new ClientOptimizer.Sgd(0, 0), 1, .1)).isCloseTo(1 - .1 * 1.25, within(1e-6));
    }

    @Test
    void accumulatesMomentumAndWeightDecayAsPyTorchDoes() {
        double w = 1;
        double velocity = 0;
        for (double gradient : GRADIENTS) {
            velocity = .9 * velocity + gradient + .01 * w;
            w -= .1 * velocity;
        }
        assertThat(run(new ClientOptimizer.Sgd(.9, .01), 1, .1)).isCloseTo(w, within(1e-6));
    }

    @Test
    void decaysWeightsWithoutMomentum() {
        double w = 1;
        for (double gradient : GRADIENTS) {
            w -= .1 * (gradient + .5 * w);
        }
        assertThat(run(new ClientOptimizer.Sgd(0, .5), 1, .1)).isCloseTo(w, within(1e-6));
    }

    @Test
    void adaptsWithBiasCorrection() {
        double w = 1;
        double m = 0;
        double v = 0;
        for (int t = 1; t <= GRADIENTS.length; t++) {
            double g = GRADIENTS[t - 1] + .02 * w;
            m = .9 * m + .1 * g;
            v = .99 * v + .01 * g * g;
            w -= .1 * (m / (1 - Math.pow(.9, t))) / (Math.sqrt(v / (1 - Math.pow(.99, t))) + 1e-3);
        }
        assertThat(run(new ClientOptimizer.Adam(.9, .99, 1e-3, .02), 1, .1)).isCloseTo(w, within(1e-5));
    }

    @Test
    void refusesBadParameters() {
        assertThatThrownBy(() -> new ClientOptimizer.Sgd(1, 0)).hasMessage("momentum must be in [0, 1), but was 1.0");
        assertThatThrownBy(() -> new ClientOptimizer.Sgd(0, -1))
                .hasMessage("weightDecay must be at least 0 and finite, but was -1.0");
        assertThatThrownBy(() -> new ClientOptimizer.Adam(.9, .99, 0, 0))
                .hasMessage("epsilon must be positive and finite, but was 0.0");
    }

    @Test
    void schedulesTheRateByRound() {
        LearningRateSchedule steps = LearningRateSchedule.stepwise(1, .5, 10, .2);
        assertThat(steps.at(1)).isEqualTo(1);
        assertThat(steps.at(10)).isEqualTo(1);
        assertThat(steps.at(11)).isEqualTo(.5);
        assertThat(steps.at(31)).isEqualTo(.2);
        LearningRateSchedule cosine = LearningRateSchedule.cosine(1, 11, .1);
        assertThat(cosine.at(1)).isEqualTo(1);
        assertThat(cosine.at(6)).isCloseTo(.55, within(1e-12));
        assertThat(cosine.at(11)).isCloseTo(.1, within(1e-12));
        assertThat(cosine.at(99)).isCloseTo(.1, within(1e-12));
    }

    @Test
    void refusesALearningRateThatIsNoNumber() {
        assertThatThrownBy(() -> LocalTraining.sgd(Double.NaN))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("learningRate must be positive and finite, but was NaN");
        assertThatThrownBy(() -> LocalTraining.sgd(.1).epochs(0)).hasMessage("epochs must be at least 1, but was 0");
        assertThatThrownBy(() -> LocalTraining.sgd(.1).epochs(Integer.MAX_VALUE))
                .hasMessage("epochs must be at most 1000000, but was 2147483647");
        assertThatThrownBy(() ->
                        LocalTraining.sgd(.1).epochs(1_000_000).batchSize(1).stepCount(3000))
                .hasMessage("steps of a client must be at most 2147483647, but was 3000000000");
        assertThatThrownBy(() -> LocalTraining.sgd(1e39))
                .hasMessage("learningRate must be at most 3.4028235E38, but was 1.0E39");
        assertThatThrownBy(() -> LocalTraining.sgd(.1).batchSize(0))
                .hasMessage("batchSize must be at least 1, but was 0");
        assertThatThrownBy(() -> LocalTraining.sgd(.1).steps(0)).hasMessage("steps must be at least 1, but was 0");
        assertThatThrownBy(() -> LocalTraining.sgd(.1).gradientClip(-1))
                .hasMessage("gradientClip must be positive and finite, but was -1.0");
    }
}
