package org.fl4j.aggregators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.Map;
import org.fl4j.client.LocalTraining;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.UpdateWeighting;
import org.fl4j.data.Examples;
import org.fl4j.data.Partition;
import org.fl4j.data.PartitionedDataset;
import org.fl4j.fixture.SmallRuns;
import org.fl4j.model.ExampleMeasure;
import org.fl4j.model.Layer;
import org.fl4j.model.LearningTask;
import org.fl4j.model.Network;
import org.fl4j.server.FedAvg;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.tensor.Tensors;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;

/**
 * Least squares by a line, on clients whose own best lines and curvatures differ: FedAvg with many local steps comes to
 * rest beside the common optimum, algorithms against drift come to it. Slope and intercept of the optimum are those of
 * the normal equations.
 */
class QuadraticsTest extends TensorTest {
    private static final ClientSelector ALL = SmallRuns.FIRST;
    private static final LearningTask LINE = new LearningTask(
            Network.of(new Layer.Dense(1)),
            new Shape(1),
            ExampleMeasure.squaredError(),
            Map.of(),
            (values, shape, fanIn, random) -> {});

    /** Two clients of two points each; the common line is y = (x + 1) / 2. */
    private SimulationBuilder twoClients() {
        return run(new float[] {0, 1, 0, 3}, new float[] {0, 1, 1, 2}, List.of(new int[] {0, 1}, new int[] {2, 3}))
                .training(LocalTraining.sgd(.05).fullBatch().steps(20));
    }

    private SimulationBuilder run(float[] x, float[] y, List<int[]> rows) {
        Examples points = new Examples(
                Tensors.create(manager, x, new Shape(x.length, 1)), Tensors.create(manager, y, new Shape(y.length, 1)));
        return Simulation.builder()
                .task(LINE)
                .data(new PartitionedDataset(points, Partition.of(rows)))
                .selector(ALL)
                .aggregator(new FedAvg())
                .cohortSize(rows.size())
                .rounds(150)
                .workers(1);
    }

    private static float[] line(SimulationBuilder run) {
        try (RunResult result = run.build().run()) {
            return result.state().model().floats().toFloatArray();
        }
    }

    private static double distance(float[] line, double slope, double intercept) {
        return Math.hypot(line[0] - slope, line[1] - intercept);
    }

    private double afterAlgorithm(Algorithm algorithm) {
        return distance(line(twoClients().algorithm(algorithm)), .5, .5);
    }

    @Test
    void fedAvgStopsBesideTheOptimum() {
        assertThat(distance(line(twoClients()), .5, .5)).isGreaterThan(.02);
        assertThat(afterAlgorithm(new FedProx(.1))).isGreaterThan(.005);
    }

    @Test
    void scaffoldReachesTheOptimum() {
        assertThat(afterAlgorithm(new Scaffold())).isLessThan(1e-4);
        SimulationBuilder shortPaths = twoClients()
                .algorithm(new Scaffold(Scaffold.Option.GRADIENT_AT_RECEIVED_MODEL))
                .training(LocalTraining.sgd(.02).fullBatch().steps(5))
                .rounds(300);
        assertThat(distance(line(shortPaths), .5, .5)).isLessThan(1e-4);
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
        SimulationBuilder uneven = run(x, y, List.of(new int[] {0, 1}, new int[] {2, 3, 4, 5, 6, 7, 8, 9}))
                .training(LocalTraining.sgd(.002).batchSize(2))
                .rounds(3000);
        float[] byNova = line(uneven.aggregator(new FedNova(UpdateWeighting.uniform(), 0)));
        float[] byMean = line(uneven.aggregator(new FedAvg(UpdateWeighting.uniform())));
        assertThat(distance(byNova, .5, .5)).isLessThan(.02);
        assertThat(distance(byMean, .5, .5)).isGreaterThan(.1);
    }

    @Test
    void algorithmsWithoutTheirTermAreFedAvg() {
        float[] plain = line(twoClients().rounds(5));
        assertThat(line(twoClients().algorithm(new FedProx(0)).rounds(5))).containsExactly(plain);
        assertThat(line(twoClients().algorithm(new MimeLite(0)).rounds(5)))
                .usingComparatorWithPrecision(1e-6f)
                .containsExactly(plain);
        assertThat(line(twoClients().aggregator(new FedNova()).rounds(5)))
                .usingComparatorWithPrecision(1e-6f)
                .containsExactly(plain);
    }

    /** From 0, the gradient of the pooled mean squared error is (-2 mean of xy, -2 mean of y) = (-3.5, -2). */
    @Test
    void fedSgdIsOneStepOnThePooledData() {
        float[] line = line(twoClients().algorithm(new FedSgd(.1)).rounds(1));
        assertThat(line).usingComparatorWithPrecision(1e-6f).containsExactly(.35f, .2f);
    }

    @Test
    void mimeLiteAddsTheServersMomentum() {
        double plain = distance(line(twoClients().rounds(3)), .5, .5);
        assertThat(distance(line(twoClients().algorithm(new MimeLite(.5)).rounds(3)), .5, .5))
                .isNotCloseTo(plain, within(.01));
    }

    @Test
    void aStrongerPullKeepsLocalTrainingNearer() {
        float[] free = line(twoClients().rounds(1));
        float[] pulled = line(twoClients().algorithm(new FedProx(5)).rounds(1));
        assertThat(Math.hypot(pulled[0], pulled[1])).isLessThan(.8 * Math.hypot(free[0], free[1]));
    }
}
