package org.fl4j.aggregators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.fl4j.client.LearningRateSchedule;
import org.fl4j.core.ServerOptimizer;
import org.fl4j.message.StrategyState;
import org.fl4j.server.AddDelta;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.testing.ServerOptimizerContract;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Golden values: FEDn's server optimizer and numpy in float64 give the same digits. */
class ServerOptimizersTest extends TensorTest {
    @Nested
    class Momentum extends ServerOptimizerContract {
        @Override
        protected ServerOptimizer optimizer() {
            return new FedAvgM();
        }
    }

    @Nested
    class Adam extends ServerOptimizerContract {
        @Override
        protected ServerOptimizer optimizer() {
            return new FedAdam(.01);
        }
    }

    @Nested
    class Yogi extends ServerOptimizerContract {
        @Override
        protected ServerOptimizer optimizer() {
            return new FedYogi(.01);
        }
    }

    @Nested
    class Adagrad extends ServerOptimizerContract {
        @Override
        protected ServerOptimizer optimizer() {
            return new FedAdagrad(.01);
        }
    }

    /** Two steps from (1, 1, 1) with deltas (0.1, -0.2, 0.3) and (-0.05, 0.1, 0.3). */
    private ServerOptimizer.Step[] twoSteps(ServerOptimizer optimizer) {
        ParameterVector start = vector(1, 1, 1);
        ServerOptimizer.Step first = optimizer.step(start, vector(.1, -.2, .3), StrategyState.empty());
        ServerOptimizer.Step second = optimizer.step(first.model(), vector(-.05, .1, .3), first.state());
        return new ServerOptimizer.Step[] {first, second};
    }

    private void assertModel(ServerOptimizer.Step step, double... expected) {
        assertThat(values(step.model()))
                .usingComparatorWithPrecision(1e-6f)
                .containsExactly((float) expected[0], (float) expected[1], (float) expected[2]);
    }

    private static void assertTensor(ServerOptimizer.Step step, String name, double... expected) {
        float[] values = step.state().tensor(name).orElseThrow().toFloatArray();
        for (int i = 0; i < expected.length; i++) {
            assertThat(values[i] / expected[i]).as(name + " " + i).isBetween(.99999, 1.00001);
        }
    }

    @Test
    void stepsByAdam() {
        ServerOptimizer.Step[] steps = twoSteps(new FedAdam(1e-2, .9, .99, 1e-4));
        assertModel(steps[0], 1.009900504888, 0.990049873763, 1.009966722774);
        assertTensor(steps[0], "fedadam/v", 1.000099e-4, 4.000099e-4, 9.000099e-4);
        assertTensor(steps[0], "fedadam/m", .01, -.02, .03);
        assertModel(steps[1], 1.013460500535, 0.986473859830, 1.023403678219);
        assertTensor(steps[1], "fedadam/v", 1.24009801e-4, 4.96009801e-4, 1.791009801e-3);
        assertTensor(steps[1], "fedadam/m", .004, -.008, .057);
    }

    @Test
    void stepsByYogi() {
        ServerOptimizer.Step[] steps = twoSteps(new FedYogi(1e-2, .9, .99, 1e-4));
        assertModel(steps[0], 1.009900499988, 0.990049875001, 1.009966722222);
        assertTensor(steps[0], "fedyogi/v", .00010001, .00040001, .00090001);
        assertModel(steps[1], 1.013446351857, 0.986488130460, 1.023370121717);
        assertTensor(steps[1], "fedyogi/v", .00012501, .00050001, .00180001);
    }

    @Test
    void stepsByAdagrad() {
        ServerOptimizer.Step[] steps = twoSteps(new FedAdagrad(1e-2, .9, 1e-4));
        assertModel(steps[0], 1.000999000500, 0.999000499875, 1.000999666722);
        assertModel(steps[1], 1.001356451520, 0.998642888963, 1.002342852977);
        assertTensor(steps[1], "fedadagrad/v", .01250001, .05000001, .18000001);
    }

    /** By hand: v = d1, then 0.9 d1 + d2. */
    @Test
    void stepsByMomentum() {
        ServerOptimizer.Step[] steps = twoSteps(new FedAvgM(.5, .9));
        assertModel(steps[0], 1.05, .9, 1.15);
        assertModel(steps[1], 1.05 + .5 * .04, .9 - .5 * .08, 1.15 + .5 * .57);
    }

    @Test
    void isFedAvgWithoutMomentum() {
        assertThat(values(twoSteps(new FedAvgM(1, 0))[1].model()))
                .usingComparatorWithPrecision(1e-6f)
                .containsExactly(1.05f, .9f, 1.6f);
    }

    @Test
    void refuseBadParameters() {
        assertThatThrownBy(() -> new FedAdam(0))
                .hasMessage("serverLearningRate must be positive and finite, but was 0.0");
        assertThatThrownBy(() -> new FedAdam(1, 1, .99, 1e-3)).hasMessage("beta1 must be in [0, 1), but was 1.0");
        assertThatThrownBy(() -> new FedYogi(1, .9, 1.5, 1e-3)).hasMessage("beta2 must be in [0, 1), but was 1.5");
        assertThatThrownBy(() -> new FedAdagrad(1, 0, 0))
                .hasMessage("adaptivity must be positive and finite, but was 0.0");
        assertThatThrownBy(() -> new FedAvgM(1, -.1)).hasMessage("momentum must be in [0, 1), but was -0.1");
    }

    @Test
    void aScheduleSetsTheRateOfEachStep() {
        ScheduledServerOptimizer halving =
                new ScheduledServerOptimizer(LearningRateSchedule.stepwise(1, .5, 1, .01), AddDelta::new);
        ServerOptimizer.Step first = halving.step(vector(0, 0), vector(4, 8), StrategyState.empty());
        ServerOptimizer.Step second = halving.step(first.model(), vector(4, 8), first.state());
        ServerOptimizer.Step third = halving.step(second.model(), vector(4, 8), second.state());
        assertThat(values(first.model())).containsExactly(4, 8);
        assertThat(values(second.model())).containsExactly(6, 12);
        assertThat(values(third.model())).containsExactly(7, 14);
    }

    @Test
    void aConstantScheduleIsTheOptimizerItself() {
        ServerOptimizer plain = new FedAdam(.1);
        ServerOptimizer scheduled = new ScheduledServerOptimizer(LearningRateSchedule.constant(.1), FedAdam::new);
        ServerOptimizer.Step one = plain.step(vector(1, 2), vector(3, -4), StrategyState.empty());
        ServerOptimizer.Step other = scheduled.step(vector(1, 2), vector(3, -4), StrategyState.empty());
        assertThat(values(plain.step(one.model(), vector(1, 1), one.state()).model()))
                .containsExactly(values(scheduled
                        .step(other.model(), vector(1, 1), other.state())
                        .model()));
    }

    /** Adam of Kingma and Ba, algorithm 1, in float64. */
    @Test
    void fedAdamWithBiasCorrectionIsAdam() {
        ServerOptimizer adam = new FedAdam(.1, .9, .99, 1e-3, true);
        double w = 1;
        double m = 0;
        double v = 0;
        ServerOptimizer.Step step = new ServerOptimizer.Step(vector(1), StrategyState.empty());
        for (int t = 1; t <= 3; t++) {
            double delta = .5 - .3 * t;
            m = .9 * m + .1 * delta;
            v = .99 * v + .01 * delta * delta;
            w += .1 * (m / (1 - Math.pow(.9, t))) / (Math.sqrt(v / (1 - Math.pow(.99, t))) + 1e-3);
            step = adam.step(step.model(), vector(delta), step.state());
            assertThat(values(step.model())[0]).isCloseTo((float) w, within(1e-6f));
        }
    }
}
