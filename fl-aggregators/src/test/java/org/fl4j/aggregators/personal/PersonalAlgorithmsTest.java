package org.fl4j.aggregators.personal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.types.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.fl4j.aggregators.Scaffold;
import org.fl4j.aggregators.mira.ClientGraph;
import org.fl4j.aggregators.mira.Mira;
import org.fl4j.aggregators.mira.RandomClientGraph;
import org.fl4j.client.LocalTraining;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.UpdateWeighting;
import org.fl4j.data.Examples;
import org.fl4j.data.FederatedDataset;
import org.fl4j.data.LocalSplit;
import org.fl4j.data.Partition;
import org.fl4j.data.PartitionedDataset;
import org.fl4j.message.ClientId;
import org.fl4j.metrics.Metrics;
import org.fl4j.model.ExampleMeasure;
import org.fl4j.model.FederatedModel;
import org.fl4j.model.Layer;
import org.fl4j.model.LearningTask;
import org.fl4j.model.Network;
import org.fl4j.model.TorchScriptFile;
import org.fl4j.model.WeightInitializer;
import org.fl4j.random.Sampling;
import org.fl4j.random.Seed;
import org.fl4j.server.FedAvg;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.Asynchronous;
import org.fl4j.simulation.BlockTraining;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.simulation.SynchronousTime;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.Tensors;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two groups of clients with opposite lines, y = x and y = 1 - x: no common model suits both. */
class PersonalAlgorithmsTest extends TensorTest {
    private static final int CLIENTS = 6;
    private static final ClientSelector SOME =
            (available, count, round, state) -> IntStream.of(Sampling.withoutReplacement(
                            available.size(),
                            count,
                            round.seed("client selection").generator()))
                    .sorted()
                    .mapToObj(available::id)
                    .toList();

    private FederatedDataset data() {
        float[] x = new float[4 * CLIENTS];
        float[] y = new float[4 * CLIENTS];
        List<int[]> rows = new ArrayList<>();
        for (int client = 0; client < CLIENTS; client++) {
            for (int i = 0; i < 4; i++) {
                x[4 * client + i] = i / 3f;
                y[4 * client + i] = client % 2 == 0 ? x[4 * client + i] : 1 - x[4 * client + i];
            }
            rows.add(IntStream.range(4 * client, 4 * client + 4).toArray());
        }
        Examples points = new Examples(
                Tensors.create(manager, x, new Shape(x.length, 1)), Tensors.create(manager, y, new Shape(y.length, 1)));
        return new PartitionedDataset(points, Partition.of(rows));
    }

    private SimulationBuilder run() {
        FederatedDataset data = data();
        return Simulation.builder()
                .task(new LearningTask(
                        Network.of(new Layer.Dense(4), new Layer.Tanh(), new Layer.Dense(1)),
                        new Shape(1),
                        ExampleMeasure.squaredError(),
                        Map.of(),
                        WeightInitializer.fanInUniform()))
                .data(data)
                .clientEvaluation(data, 1000)
                .training(LocalTraining.sgd(.2).batchSize(2).epochs(5))
                .selector(SOME)
                .aggregator(new FedAvg())
                .cohortSize(CLIENTS)
                .rounds(60)
                .workers(2)
                .seed(2);
    }

    private static double clientLoss(SimulationBuilder run) {
        try (RunResult result = run.build().run()) {
            return result.finalMetrics().value("client/train/loss");
        }
    }

    private double loss(Algorithm algorithm) {
        return clientLoss(run().algorithm(algorithm));
    }

    private static float[] model(SimulationBuilder run) {
        try (RunResult result = run.rounds(3).build().run()) {
            return result.state().model().floats().toFloatArray();
        }
    }

    @Test
    void aCommonModelSuitsNobody() {
        assertThat(clientLoss(run())).isGreaterThan(.1);
    }

    @Test
    void personalModelsSuitEachClient() {
        LocalTraining tuning = LocalTraining.sgd(.2).batchSize(2).epochs(60);
        LocalTraining head = LocalTraining.sgd(.2).batchSize(2).epochs(3);
        assertThat(loss(new Ditto(.1))).isLessThan(.02);
        assertThat(loss(new Apfl(.5, true))).isLessThan(.02);
        assertThat(loss(new PFedMe(2, 8, .2))).isLessThan(.08);
        assertThat(loss(PersonalLayers.head(1))).isLessThan(.02);
        assertThat(loss(PersonalLayers.body(1))).isLessThan(.02);
        assertThat(loss(new FedRep(SharingRule.lastLayers(1), head))).isLessThan(.02);
        assertThat(clientLoss(run().seed(10).algorithm(new Ifca(2)))).isLessThan(.02);
        assertThat(loss(new Reptile(1, tuning))).isLessThan(.05);
        assertThat(loss(new PerFedAvg(.1, tuning))).isLessThan(.05);
        double[][] labels = {{1, 0}, {0, 1}, {1, 0}, {0, 1}, {1, 0}, {0, 1}};
        assertThat(loss(new Mira(ClientGraph.ofSimilarity(labels, .5), .02))).isLessThan(.02);
    }

    /** In the first round there is no older personal model that could be evaluated by mistake. */
    @Test
    void personalModelsAreEvaluatedInTheRoundThatMadeThem() {
        LocalTraining long60 = LocalTraining.sgd(.2).batchSize(2).epochs(60);
        double common = clientLoss(run().rounds(1).training(long60));
        for (Algorithm algorithm : List.of(
                new Ditto(0), PersonalLayers.head(1), new Mira(ClientGraph.random(CLIENTS, .25, new Seed(1)), 0))) {
            assertThat(clientLoss(run().rounds(1).training(long60).algorithm(algorithm)))
                    .isLessThan(common / 2);
        }
    }

    /** Each example has a feature of its own, so that nothing that is learned from one helps with another. */
    @Test
    void localTrainingIsPerfectOnWhatItTrainedOnAndNothingElse() {
        int rows = 20 * CLIENTS;
        float[] features = new float[rows * rows];
        long[] labels = new long[rows];
        for (int row = 0; row < rows; row++) {
            features[row * rows + row] = 1;
            labels[row] = row % 2;
        }
        Examples examples =
                new Examples(Tensors.create(manager, features, new Shape(rows, rows)), Tensors.create(manager, labels));
        List<int[]> held = IntStream.range(0, CLIENTS)
                .mapToObj(
                        client -> IntStream.range(20 * client, 20 * client + 20).toArray())
                .toList();
        LocalSplit split = new PartitionedDataset(examples, Partition.of(held)).split(.2, new Seed(1));
        SimulationBuilder local = run().task(
                        LearningTask.classification(Network.of(new Layer.Dense(2)), new Shape(rows)))
                .data(split.train())
                .training(LocalTraining.sgd(2).batchSize(4).epochs(20))
                .rounds(3)
                .algorithm(new Ditto(0));
        try (RunResult train =
                        local.clientEvaluation(split.train(), 1000).build().run();
                RunResult test =
                        local.clientEvaluation(split.test(), 1000).build().run()) {
            assertThat(train.finalMetrics().value("client/train/accuracy")).isEqualTo(1);
            assertThat(test.finalMetrics().value("client/test/accuracy")).isLessThan(.8);
            assertThat(test.stateSha256()).isEqualTo(train.stateSha256());
        }
    }

    /** Some tune the model on the train part of clients that never train, and none on the test part. */
    @Test
    void clientsThatAreHeldOutAreEvaluatedByEveryAlgorithm() {
        LocalTraining tuning = LocalTraining.sgd(.2).batchSize(2).epochs(3);
        LocalSplit split = data().split(.25, new Seed(1));
        for (Algorithm algorithm : List.of(
                new Ditto(.1),
                new Apfl(.5, true),
                new PFedMe(2, 8, .2),
                PersonalLayers.head(1),
                new FedRep(SharingRule.lastLayers(1), tuning),
                new Ifca(2),
                new Reptile(1, tuning),
                new PerFedAvg(.1, tuning),
                new Mira(ClientGraph.random(CLIENTS - 2, .25, new Seed(1)), .02))) {
            SimulationBuilder run = run().data(split.train().holdOut(2))
                    .clientEvaluation(split.test(), 1000)
                    .cohortSize(CLIENTS - 2)
                    .rounds(2)
                    .algorithm(algorithm);
            try (RunResult result = run.build().run()) {
                assertThat(result.finalMetrics()
                                .values()
                                .get("client/test/loss")
                                .weight())
                        .as(algorithm.toString())
                        .isEqualTo(CLIENTS - 2);
                assertThat(result.finalMetrics()
                                .values()
                                .get("held-out/test/loss")
                                .weight())
                        .as(algorithm.toString())
                        .isEqualTo(2);
            }
        }
    }

    /** In blocks, FedAvg sums updates that are never apart, which rounds in another way. */
    private SimulationBuilder oneByOne() {
        return run().blockTraining(BlockTraining.NEVER);
    }

    @Test
    void theirIdentitiesHold() {
        float[] plain = model(oneByOne());
        float[] equal = model(oneByOne().aggregator(new FedAvg(UpdateWeighting.uniform())));
        assertThat(model(oneByOne().algorithm(new Ditto(1)))).containsExactly(plain);
        assertThat(model(run().algorithm(new Apfl(.3, false))))
                .usingComparatorWithPrecision(1e-5f)
                .containsExactly(plain);
        assertThat(model(run().algorithm(new Ifca(1))))
                .usingComparatorWithPrecision(1e-5f)
                .containsExactly(plain);
        assertThat(model(oneByOne().algorithm(new Reptile(1, LocalTraining.sgd(1)))))
                .containsExactly(equal);
        LocalTraining full = LocalTraining.sgd(.2).fullBatch();
        assertThat(model(run().algorithm(new PerFedAvg(0, full)).training(full)))
                .usingComparatorWithPrecision(1e-5f)
                .containsExactly(model(run().training(full)));
        double alone = loss(new Ditto(0));
        assertThat(loss(new Apfl(1, false))).isLessThan(.02);
        assertThat(loss(new Mira(ClientGraph.random(CLIENTS, .25, new Seed(1)), 0)))
                .isCloseTo(alone, within(.01));
    }

    @Test
    void sharedPartsArePassedOnAndPersonalOnesAreNot() {
        try (RunResult result = run().algorithm(PersonalLayers.head(1))
                        .rounds(2)
                        .build()
                        .run();
                RunResult start = run().rounds(1)
                        .algorithm(PersonalLayers.head(1))
                        .build()
                        .run()) {
            float[] before = start.state().model().floats().toFloatArray();
            float[] after = result.state().model().floats().toFloatArray();
            assertThat(after[0]).isNotEqualTo(before[0]); // the first weight of the body
            assertThat(Arrays.copyOfRange(after, 8, 13)).containsExactly(Arrays.copyOfRange(before, 8, 13));
        }
    }

    @Test
    void clientStatesGiveTheSameRunInMemoryOnDiskAndAfterAResume(@TempDir Path directory) {
        for (Algorithm algorithm : List.of(new Scaffold(), new Ditto(.1), PersonalLayers.head(1), new Apfl(.3, true))) {
            String name = algorithm.getClass().getSimpleName();
            SimulationBuilder memory = run().algorithm(algorithm).cohortSize(3).rounds(6);
            SimulationBuilder disk =
                    run().algorithm(algorithm).cohortSize(3).rounds(6).clientStates(directory.resolve(name + "/disk"));
            Path kept = directory.resolve(name + "/checkpoints");
            run().algorithm(algorithm)
                    .cohortSize(3)
                    .rounds(4)
                    .checkpoints(kept, 3)
                    .build()
                    .run()
                    .close();
            SimulationBuilder resumed = run().algorithm(algorithm)
                    .cohortSize(3)
                    .rounds(6)
                    .workers(1)
                    .checkpoints(kept, 3)
                    .resume(true);
            try (RunResult one = memory.build().run();
                    RunResult two = disk.build().run();
                    RunResult three = resumed.build().run()) {
                assertThat(two.stateSha256()).as(name).isEqualTo(one.stateSha256());
                assertThat(three.stateSha256()).as(name).isEqualTo(one.stateSha256());
                assertThat(evaluations(two)).as(name).isEqualTo(evaluations(one));
                assertThat(evaluations(three)).as(name).isEqualTo(evaluations(one));
            }
        }
    }

    private static Map<ClientId, Metrics> evaluations(RunResult result) {
        RoundReport last = result.history().get(result.history().size() - 1);
        return last.evaluations();
    }

    /** Servers nest where that makes sense, and say so where it does not. */
    @Test
    void miraIsRefusedBeforeTheFirstRoundWhereItsModelsWouldDiverge() {
        assertThatThrownBy(() -> run().algorithm(new Mira(new RandomClientGraph(.25, new Seed(1)), 100))
                        .build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageMatching(
                        "lambda of MIRA must be below \\d[\\d.E-]*, or models diverge: the learning rate is 0.2, the"
                                + " largest client takes \\d+ steps, and the largest eigenvalue of the graph's"
                                + " Laplacian is [\\d.]+;"
                                + " leave lambda out to have it scaled, but was 100.0");
        assertThatThrownBy(() -> run().algorithm(new Mira(ClientGraph.random(CLIENTS + 1, .25, new Seed(1)), 0))
                        .build())
                .hasMessage("clients of MIRA's graph must be the run's, 6, but was 7");
        assertThat(loss(new Mira(new RandomClientGraph(.25, new Seed(1))))).isFinite();
    }

    @Test
    void miraRunsOnAClockButNotAsynchronously() {
        Algorithm mira = new Mira(ClientGraph.random(CLIENTS, .25, new Seed(1)), .02);
        Algorithm clock = new SynchronousTime((client, round, work) -> 1 + client.index(), 100);
        Algorithm asynchronous = new Asynchronous(2, 1, 3, (client, round, work) -> 1 + client.index());
        String untimed = hash(run().rounds(2).algorithm(mira));
        for (SimulationBuilder either : List.of(
                run().rounds(2).algorithm(mira).algorithm(clock),
                run().rounds(2).algorithm(clock).algorithm(mira))) {
            try (RunResult timed = either.build().run()) {
                assertThat(timed.finalMetrics().value("time/seconds")).isEqualTo(2 * CLIENTS);
                assertThat(timed.state().model().sha256()).isEqualTo(untimed);
            }
        }
        for (SimulationBuilder either : List.of(
                run().algorithm(mira).algorithm(asynchronous),
                run().algorithm(asynchronous).algorithm(mira))) {
            assertThatThrownBy(either::build)
                    .hasMessage("server under asynchronous rounds must be the composed one, for all clients share one"
                            + " model, but was another in its place");
        }
        assertThatThrownBy(() -> run().algorithm(mira).algorithm(mira))
                .hasMessage("servers in place of the composed one must be one, but was two");
        assertThatThrownBy(() -> hash(run().algorithm(asynchronous).algorithm(clock)))
                .hasMessage("simulated clocks of a run must be one, but was two");
    }

    private static String hash(SimulationBuilder run) {
        try (RunResult result = run.build().run()) {
            return result.state().model().sha256();
        }
    }

    @Test
    void namesWhatDoesNotFitTheModelWhenTheRunIsBuilt() {
        assertThatThrownBy(() -> run().algorithm(PersonalLayers.head(2)).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("layers must be in [1, 1], but was 2");
        FedRep rep =
                new FedRep(SharingRule.named("BatchNorm"), LocalTraining.sgd(.2).batchSize(2));
        assertThatThrownBy(() -> run().algorithm(rep).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("name of a personal parameter must be part of one in the model, but was BatchNorm");
        assertThatThrownBy(() -> run().algorithm(PersonalLayers.normalisation()).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("personal layers must be some with running statistics, but the model has none. Maybe choose"
                        + " layers by SharingRule.named or SharingRule.lastLayers");
    }

    @Test
    void findsNormalisationByItsStatisticsInModulesOfPyTorchAndInLayers() throws Exception {
        Path file = Path.of(
                PersonalAlgorithmsTest.class.getResource("/torchscript/bn.pt").toURI());
        LearningTask module = LearningTask.classification(new TorchScriptFile(file), new Shape(1, 28, 28));
        assertThat(normalisation(module))
                .containsExactlyInAnyOrder(
                        "net.2.weight",
                        "net.2.bias",
                        "net.2.running_mean",
                        "net.2.running_var",
                        "net.2.num_batches_tracked");
        Network layers = Network.of(new Layer.Dense(4), new Layer.BatchNorm(), new Layer.Dense(1));
        assertThat(normalisation(LearningTask.classification(layers, new Shape(3))))
                .hasSize(4)
                .allMatch(name -> name.contains("BatchNorm"));
    }

    private static List<String> normalisation(LearningTask task) {
        try (FederatedModel model = new FederatedModel(task)) {
            return SharingRule.normalisation().personal(model.layout()).stream()
                    .map(ParameterLayout.Entry::name)
                    .toList();
        }
    }
}
