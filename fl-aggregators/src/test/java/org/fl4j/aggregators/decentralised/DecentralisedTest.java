package org.fl4j.aggregators.decentralised;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.Worker;
import org.fl4j.core.UpdateWeighting;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.FederatedDataset;
import org.fl4j.data.Partitioners;
import org.fl4j.fixture.LeastSquares;
import org.fl4j.fixture.SmallRuns;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.TrainingTask;
import org.fl4j.random.Seed;
import org.fl4j.server.AddDelta;
import org.fl4j.server.FedAvg;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.simulation.SynchronousTime;
import org.fl4j.testing.TensorTest;
import org.fl4j.world.Availability;
import org.fl4j.world.World;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class DecentralisedTest extends TensorTest {
    private static final String CONSENSUS = "decentralised/consensus distance";
    private static Dataset digits;

    @BeforeAll
    static void generate() {
        digits = Digits.generate(320, 100, new Seed(1));
    }

    @AfterAll
    static void free() {
        digits.close();
    }

    private static SimulationBuilder run(int nodes) {
        return SmallRuns.softmax(digits, nodes)
                .testData(digits.test())
                .training(LocalTraining.sgd(.1).fullBatch())
                .cohortSize(nodes)
                .rounds(5);
    }

    private static float[] model(SimulationBuilder run) {
        try (RunResult result = run.build().run()) {
            return values(result.state().model());
        }
    }

    /** All are neighbours, have equally many examples and take one step. */
    @Test
    void isFedAvgOnACompleteGraph() {
        float[] fedAvg = model(run(8).aggregator(new FedAvg(UpdateWeighting.uniform())));
        for (NodeStep step : new NodeStep[] {NodeStep.ADAPT_THEN_COMBINE, NodeStep.D_PSGD}) {
            float[] nodes = model(run(8).algorithm(new Decentralised(Topologies.complete(), step))
                    .rounds(1));
            assertThat(nodes)
                    .as(step.name())
                    .containsExactly(
                            model(run(8).aggregator(new FedAvg(UpdateWeighting.uniform()))
                                    .rounds(1)),
                            within(1e-6f));
        }
        assertThat(model(run(8).algorithm(new Decentralised(Topologies.complete(), NodeStep.ADAPT_THEN_COMBINE))))
                .containsExactly(fedAvg, within(2e-6f));
    }

    private static double[] mix(double[] values, double self, double other) {
        return new double[] {self * values[0] + other * values[1], self * values[1] + other * values[0]};
    }

    /** Two nodes, weights 1/2: D-PSGD and D2 in float64, slope and intercept of both nodes. */
    @Test
    void isTheRecursionOfThePapers() {
        double rate = .05;
        for (NodeStep step : NodeStep.values()) {
            double other = step == NodeStep.D2 ? .25 : .5;
            double[][] x = {{0, 0}, {0, 0}}; // by parameter, then by node
            double[][] before = null;
            for (int round = 0; round < 4; round++) {
                double[][] trained = new double[2][2];
                for (int node = 0; node < 2; node++) {
                    double[] gradient = LeastSquares.gradient(node, x[0][node], x[1][node]);
                    trained[0][node] = x[0][node] - rate * gradient[0];
                    trained[1][node] = x[1][node] - rate * gradient[1];
                }
                double[][] next = new double[2][];
                for (int p = 0; p < 2; p++) {
                    double[] z = trained[p].clone();
                    if (step == NodeStep.D2 && before != null) {
                        z[0] += x[p][0] - before[p][0];
                        z[1] += x[p][1] - before[p][1];
                    }
                    next[p] = step == NodeStep.D_PSGD ? mix(x[p], .5, .5) : mix(z, 1 - other, other);
                    if (step == NodeStep.D_PSGD) {
                        next[p][0] += trained[p][0] - x[p][0];
                        next[p][1] += trained[p][1] - x[p][1];
                    }
                }
                x = next;
                before = trained;
            }
            float[] mean = LeastSquares.line(LeastSquares.twoClients(manager)
                    .algorithm(new Decentralised(Topologies.ring(), step))
                    .rounds(4));
            assertThat((double) mean[0]).as(step.name()).isCloseTo((x[0][0] + x[0][1]) / 2, within(1e-6));
            assertThat((double) mean[1]).as(step.name()).isCloseTo((x[1][0] + x[1][1]) / 2, within(1e-6));
        }
    }

    /** At a constant rate D-PSGD rests beside the optimum where data are unlike, and its nodes apart; D2 does not. */
    @Test
    void d2ReachesTheOptimum() {
        try (RunResult dPsgd = unlike(NodeStep.D_PSGD);
                RunResult d2 = unlike(NodeStep.D2)) {
            assertThat(consensus(dPsgd)).isGreaterThan(.01);
            assertThat(consensus(d2)).isLessThan(1e-4);
            assertThat(distance(d2)).isLessThan(1e-4);
            assertThat(distance(dPsgd)).isGreaterThan(1e-3);
        }
    }

    private RunResult unlike(NodeStep step) {
        return LeastSquares.twoClients(manager)
                .algorithm(new Decentralised(Topologies.ring(), step))
                .rounds(1500)
                .build()
                .run();
    }

    private static double distance(RunResult result) {
        float[] line = values(result.state().model());
        return Math.hypot(line[0] - .5, line[1] - .5);
    }

    private static double consensus(RunResult result) {
        return result.history().get(result.history().size() - 1).metrics().value(CONSENSUS);
    }

    /** Trains in the first round alone, so that afterwards models are averaged and nothing else. */
    private static final class FirstRound extends SgdClient {
        FirstRound(ClientId id, Worker worker, LocalTraining training) {
            super(id, worker, training);
        }

        @Override
        protected ModelUpdate upload(TrainingTask task, ModelUpdate update) {
            if (task.round() > 1) {
                update.delta().floats().muli(0);
            }
            return update;
        }
    }

    @Test
    void modelsComeTogetherAsTheSpectralGapSays() {
        for (Topology topology : List.of(Topologies.ring(), Topologies.torus(), Topologies.exponential())) {
            List<Double> distances = new ArrayList<>();
            try (RunResult result = run(16).sgdClients(FirstRound::new)
                    .algorithm(new Decentralised(topology, NodeStep.ADAPT_THEN_COMBINE))
                    .rounds(20)
                    .build()
                    .run()) {
                for (RoundReport round : result.history()) {
                    distances.add(round.metrics().value(CONSENSUS));
                }
            }
            double most = 1 - topology.of(16, 1).spectralGap();
            for (int round = 1; round < 12; round++) {
                assertThat(distances.get(round))
                        .isLessThanOrEqualTo(most * distances.get(round - 1) * (1 + 1e-3) + 1e-6);
            }
            if (most > .5) { // slow enough that the largest eigenvalue rules before rounding does
                double rate = Math.pow(distances.get(19) / distances.get(13), 1 / 6.0);
                assertThat(rate).as(topology.toString()).isCloseTo(most, within(.02));
            }
        }
    }

    @Test
    void countsWhatNodesSend() {
        try (RunResult result = run(8).algorithm(new Decentralised(Topologies.ring(), NodeStep.ADAPT_THEN_COMBINE))
                .build()
                .run()) {
            assertThat(result.history().get(0).metrics().value("decentralised/bytes"))
                    .isEqualTo(8 * 2 * 7850 * 4);
            assertThat(result.finalMetrics().value("test/accuracy")).isGreaterThan(.2);
        }
    }

    /** Sends a model that is far away. */
    private static final class Liar extends SgdClient {
        Liar(ClientId id, Worker worker, LocalTraining training) {
            super(id, worker, training);
        }

        @Override
        protected ModelUpdate upload(TrainingTask task, ModelUpdate update) {
            if (id().index() == 3) {
                update.delta().floats().muli(-1000);
            }
            return update;
        }
    }

    /** Seven honest nodes and one whose model is a thousand steps in the wrong direction. */
    @Test
    void clippingHoldsAgainstALiar() {
        assertThat(honestAccuracy(OptionalDouble.empty())).isLessThan(.3);
        assertThat(honestAccuracy(OptionalDouble.of(.1))).isGreaterThan(.6);
    }

    private static double honestAccuracy(OptionalDouble clipping) {
        FederatedDataset own = Partitioners.iid().federated(digits, 8, new Seed(1));
        try (RunResult result = run(8).sgdClients(Liar::new)
                .clientEvaluation(own, 20)
                .algorithm(new Decentralised(Topologies.complete(), NodeStep.ADAPT_THEN_COMBINE, clipping))
                .rounds(20)
                .build()
                .run()) {
            return result.history().get(19).evaluations().entrySet().stream()
                    .filter(client -> client.getKey().index() != 3)
                    .mapToDouble(client -> client.getValue().value("client/train/accuracy"))
                    .average()
                    .orElseThrow();
        }
    }

    /** A node that is not there keeps its model, and the others' weights still add up to 1. */
    @Test
    void nodesMayDropOut() {
        World world = new World((client, round, work) -> 1, Availability.always(), .3);
        try (RunResult result = run(8).algorithm(new Decentralised(Topologies.ring(), NodeStep.ADAPT_THEN_COMBINE))
                .algorithm(new SynchronousTime(world, 10))
                .rounds(40)
                .build()
                .run()) {
            assertThat(result.history())
                    .anySatisfy(round -> assertThat(round.rejected()).isNotEmpty());
            assertThat(result.finalMetrics().value("test/accuracy")).isGreaterThan(.5);
        }
    }

    /** A node that nobody wakes keeps its model; the mean moves by what the others do. */
    @Test
    void nodesMaySleep() {
        try (RunResult result = run(8).algorithm(new Decentralised(Topologies.complete(), NodeStep.D_PSGD))
                .cohortSize(3)
                .rounds(40)
                .build()
                .run()) {
            assertThat(result.history())
                    .allSatisfy(round -> assertThat(round.metrics().value("decentralised/bytes"))
                            .isEqualTo(3 * 2 * 7850 * 4));
            assertThat(result.finalMetrics().value("test/accuracy")).isGreaterThan(.4);
        }
    }

    @Test
    void refusesWhatNodesCannotDo() {
        Decentralised ring = new Decentralised(Topologies.ring(), NodeStep.D_PSGD);
        Topology apart =
                (nodes, round) -> new NodeGraph.Builder(nodes).edge(0, 1).build();
        assertThatThrownBy(() ->
                        run(8).algorithm(new Decentralised(apart, NodeStep.D2)).build())
                .hasMessageStartingWith(
                        "topology of decentralised learning must be connected, so that all nodes hear of"
                                + " each other, but was ")
                .hasMessageEndingWith(" in 7 parts");
        Topology small = (nodes, round) -> Topologies.ring().of(3, round);
        assertThatThrownBy(() ->
                        run(8).algorithm(new Decentralised(small, NodeStep.D2)).build())
                .hasMessage("nodes of the topology must be as many as clients, 8, but was 3");
        assertThatThrownBy(() -> run(8).algorithm(ring)
                        .aggregator(new FedAvg(UpdateWeighting.uniform()))
                        .build())
                .hasMessageStartingWith("aggregator of decentralised learning must be left out");
        assertThatThrownBy(() ->
                        run(8).algorithm(ring).serverOptimizer(new AddDelta(.5)).build())
                .hasMessageStartingWith("serverOptimizer of decentralised learning must be left out");
        assertThatThrownBy(() -> new Decentralised(Topologies.ring(), NodeStep.D2, OptionalDouble.of(0)))
                .hasMessageStartingWith("clipping must be positive");
    }
}
