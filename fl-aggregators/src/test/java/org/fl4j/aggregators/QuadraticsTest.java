package org.fl4j.aggregators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.fl4j.client.LocalTraining;
import org.fl4j.core.UpdateWeighting;
import org.fl4j.fixture.LeastSquares;
import org.fl4j.server.FedAvg;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;

/**
 * Least squares by a line, on clients whose own best lines and curvatures differ: FedAvg with many local steps comes to
 * rest beside the common optimum, algorithms against drift come to it. Slope and intercept of the optimum are those of
 * the normal equations.
 */
class QuadraticsTest extends TensorTest {
    private SimulationBuilder twoClients() {
        return LeastSquares.twoClients(manager)
                .training(LocalTraining.sgd(.05).fullBatch().steps(20));
    }

    private double afterAlgorithm(Algorithm algorithm) {
        return LeastSquares.distance(twoClients().algorithm(algorithm));
    }

    @Test
    void fedAvgStopsBesideTheOptimum() {
        assertThat(LeastSquares.distance(twoClients())).isGreaterThan(.02);
        assertThat(afterAlgorithm(new FedProx(.1))).isGreaterThan(.005);
    }

    @Test
    void scaffoldReachesTheOptimum() {
        assertThat(afterAlgorithm(new Scaffold())).isLessThan(1e-4);
        SimulationBuilder shortPaths = twoClients()
                .algorithm(new Scaffold(Scaffold.Option.GRADIENT_AT_RECEIVED_MODEL))
                .training(LocalTraining.sgd(.02).fullBatch().steps(5))
                .rounds(300);
        assertThat(LeastSquares.distance(shortPaths)).isLessThan(1e-4);
    }

    @Test
    void fedDynReachesTheOptimum() {
        assertThat(afterAlgorithm(new FedDyn(.3))).isLessThan(1e-4);
    }

    /**
     * Both clients see the same two points, one of them many times: equal objectives, unequal steps, no drift but
     * FedAvg's.
     */
    @Test
    void fedNovaReachesTheOptimumWhereFedAvgFollowsWhoStepsMore() {
        float[] x = {0, 1, 0, 3, 0, 3, 0, 3, 0, 3};
        float[] y = {0, 1, 1, 2, 1, 2, 1, 2, 1, 2};
        SimulationBuilder uneven = LeastSquares.run(
                        manager, x, y, List.of(new int[] {0, 1}, new int[] {2, 3, 4, 5, 6, 7, 8, 9}))
                .training(LocalTraining.sgd(.002).batchSize(2))
                .rounds(3000);
        float[] byNova = LeastSquares.line(uneven.aggregator(new FedNova(UpdateWeighting.uniform(), 0)));
        float[] byMean = LeastSquares.line(uneven.aggregator(new FedAvg(UpdateWeighting.uniform())));
        assertThat(Math.hypot(byNova[0] - .5, byNova[1] - .5)).isLessThan(.02);
        assertThat(Math.hypot(byMean[0] - .5, byMean[1] - .5)).isGreaterThan(.1);
    }

    @Test
    void algorithmsWithoutTheirTermAreFedAvg() {
        float[] plain = LeastSquares.line(twoClients().rounds(5));
        assertThat(LeastSquares.line(twoClients().algorithm(new FedProx(0)).rounds(5)))
                .containsExactly(plain);
        assertThat(LeastSquares.line(twoClients().algorithm(new MimeLite(0)).rounds(5)))
                .usingComparatorWithPrecision(1e-6f)
                .containsExactly(plain);
        assertThat(LeastSquares.line(twoClients().aggregator(new FedNova()).rounds(5)))
                .usingComparatorWithPrecision(1e-6f)
                .containsExactly(plain);
    }

    /** From 0, the gradient of the pooled mean squared error is (-2 mean of xy, -2 mean of y) = (-3.5, -2). */
    @Test
    void fedSgdIsOneStepOnThePooledData() {
        float[] line = LeastSquares.line(twoClients().algorithm(new FedSgd(.1)).rounds(1));
        assertThat(line).usingComparatorWithPrecision(1e-6f).containsExactly(.35f, .2f);
    }

    @Test
    void mimeLiteAddsTheServersMomentum() {
        double plain = LeastSquares.distance(twoClients().rounds(3));
        assertThat(LeastSquares.distance(
                        twoClients().algorithm(new MimeLite(.5)).rounds(3)))
                .isNotCloseTo(plain, within(.01));
    }

    @Test
    void aStrongerPullKeepsLocalTrainingNearer() {
        float[] free = LeastSquares.line(twoClients().rounds(1));
        float[] pulled =
                LeastSquares.line(twoClients().algorithm(new FedProx(5)).rounds(1));
        assertThat(Math.hypot(pulled[0], pulled[1])).isLessThan(.8 * Math.hypot(free[0], free[1]));
    }
}
