package org.fl4j.aggregators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.fl4j.aggregators.personal.Apfl;
import org.fl4j.aggregators.personal.Ditto;
import org.fl4j.aggregators.personal.PFedMe;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.data.Examples;
import org.fl4j.data.Partition;
import org.fl4j.data.PartitionedDataset;
import org.fl4j.fixture.SmallRuns;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.ExampleMeasure;
import org.fl4j.model.Layer;
import org.fl4j.model.LearningTask;
import org.fl4j.model.LocalModel;
import org.fl4j.model.Network;
import org.fl4j.server.FedAvg;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.tensor.SafeTensors;
import org.fl4j.tensor.Tensors;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What clients descend along, against central differences of the objective in the paper, written out in float64. A
 * client that takes one full-batch step and one that takes two differ by the step at the point the first one reached.
 */
class ClientGradientsTest extends TensorTest {
    private static final double RATE = .1;
    private static final float[] X = {0, 1, 3, -1};
    private static final float[] Y = {1, 0, 2, 1};
    private static final long[] LABELS = {0, 0, 0, 2};
    private static final double[] START = {0, 0};

    @TempDir
    Path directory;

    private SimulationBuilder line() {
        return line(new int[] {0, 1, 2, 3});
    }

    private SimulationBuilder line(int[]... rows) {
        LearningTask task = new LearningTask(
                Network.of(new Layer.Dense(1)),
                new Shape(1),
                ExampleMeasure.squaredError(),
                Map.of(),
                (values, shape, fanIn, random) -> {});
        NDArray y = Tensors.create(manager, Y, new Shape(Y.length, 1));
        return run(task, y, rows);
    }

    private SimulationBuilder run(LearningTask task, NDArray labels, int[]... rows) {
        Examples points = new Examples(Tensors.create(manager, X, new Shape(X.length, 1)), labels);
        return Simulation.builder()
                .task(task)
                .data(new PartitionedDataset(points, Partition.of(List.of(rows))))
                .selector(SmallRuns.FIRST)
                .aggregator(new FedAvg())
                .cohortSize(rows.length)
                .rounds(1)
                .workers(1);
    }

    private static LocalTraining steps(int count) {
        return LocalTraining.sgd(RATE).fullBatch().steps(count);
    }

    /** Mean squared error of a line (slope, intercept) on some of the points. */
    private static double loss(double[] line, int... rows) {
        return Arrays.stream(rows)
                .mapToDouble(i -> Math.pow(line[0] * X[i] + line[1] - Y[i], 2))
                .average()
                .orElseThrow();
    }

    private static double loss(double[] line) {
        return loss(line, 0, 1, 2, 3);
    }

    private static double squaredDistance(double[] a, double... b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (a[i] - b[i]) * (a[i] - b[i]);
        }
        return sum;
    }

    private static double[] doubles(float... values) {
        return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
    }

    /** Returns the first client's delta of the last round. */
    private static double[] delta(SimulationBuilder run) {
        float[][] seen = new float[1][];
        run.uploadTransform((update, task) -> {
            if (update.client().index() == 0) {
                seen[0] = update.delta().trainable().toFloatArray();
            }
            return update;
        });
        run.build().run().close();
        return doubles(seen[0]);
    }

    private static double[] plus(double[] a, double... b) {
        return IntStream.range(0, a.length).mapToDouble(i -> a[i] + b[i]).toArray();
    }

    private static double[] differences(ToDoubleFunction<double[]> objective, double... at) {
        double[] gradient = new double[at.length];
        for (int i = 0; i < at.length; i++) {
            double[] above = at.clone();
            double[] below = at.clone();
            above[i] += 1e-5;
            below[i] -= 1e-5;
            gradient[i] = (objective.applyAsDouble(above) - objective.applyAsDouble(below)) / 2e-5;
        }
        return gradient;
    }

    private static void assertStep(double[] before, double[] after, ToDoubleFunction<double[]> objective) {
        double[] expected = differences(objective, before);
        for (int i = 0; i < expected.length; i++) {
            assertThat((before[i] - after[i]) / RATE).as("coordinate " + i).isCloseTo(expected[i], within(1e-4));
        }
    }

    private void assertDescends(Algorithm algorithm, ToDoubleFunction<double[]> objective) {
        double[] one = delta(line().training(steps(1)).algorithm(algorithm));
        double[] two = delta(line().training(steps(2)).algorithm(algorithm));
        assertStep(plus(START, one), plus(START, two), objective);
    }

    @Test
    void fedProxPullsToTheReceivedModel() {
        assertDescends(new FedProx(.7), w -> loss(w) + .35 * squaredDistance(w, START));
        assertDescends(new FedProx(0), ClientGradientsTest::loss);
    }

    /** One off the received model, with no gradient of its own, rate 0.1 and mu 0.5: a step back by 0.05. */
    @Test
    void fedProxPullsBackAndNotAway() {
        NDArray x = manager.zeros(new Shape(1, 1));
        Examples flat = new Examples(x, manager.zeros(new Shape(1, 1)));
        SimulationBuilder run = line().data(new PartitionedDataset(flat, Partition.of(List.of(new int[] {0}))))
                .training(steps(1).proximalTerm(.5))
                .sgdClients((id, worker, training) -> new SgdClient(id, worker, training) {
                    @Override
                    protected void beforeTraining(TrainingTask task, LocalModel model) {
                        model.parameters()
                                .parameter(
                                        model.parameters().layout().parameters().get(0))
                                .addi(1);
                    }
                });
        assertThat(delta(run)).containsExactly(new double[] {.95, 0}, within(1e-7));
    }

    @Test
    void fedDynPullsToTheReceivedModelToo() {
        assertDescends(new FedDyn(.4), w -> loss(w) + .2 * squaredDistance(w, START));
    }

    /** Two clients with two of the points each, and one step a round. */
    private SimulationBuilder twoClients(int rounds, Algorithm algorithm) {
        return line(new int[] {0, 1}, new int[] {2, 3})
                .training(steps(1))
                .algorithm(algorithm)
                .rounds(rounds);
    }

    private static double[] model(SimulationBuilder run) {
        try (RunResult result = run.build().run()) {
            return doubles(result.state().model().floats().toFloatArray());
        }
    }

    private void assertSecondRoundDescends(Algorithm algorithm, ToDoubleFunction<double[]> objective) {
        double[] received = model(twoClients(1, algorithm));
        assertStep(received, plus(received, delta(twoClients(2, algorithm))), objective);
    }

    @Test
    void fedDynTiltsByWhatItsLastRoundLeft() {
        double[] linear = delta(twoClients(1, new FedDyn(.4)));
        assertSecondRoundDescends(new FedDyn(.4), w -> loss(w, 0, 1) + .4 * (linear[0] * w[0] + linear[1] * w[1]));
    }

    @Test
    void scaffoldTiltsByTheDifferenceOfControlVariates() {
        double[] own = differences(w -> loss(w, 0, 1), START); // which one step reveals
        double[] other = differences(w -> loss(w, 2, 3), START);
        for (Scaffold.Option option : Scaffold.Option.values()) {
            assertSecondRoundDescends(
                    new Scaffold(option),
                    w -> loss(w, 0, 1) + (other[0] - own[0]) / 2 * w[0] + (other[1] - own[1]) / 2 * w[1]);
        }
    }

    /** What client 0 keeps after one round on all points. */
    private SafeTensors.Content kept(Algorithm algorithm, LocalTraining training) throws IOException {
        Path states = directory.resolve("states-" + folders++);
        line().training(training)
                .algorithm(algorithm)
                .clientStates(states)
                .build()
                .run()
                .close();
        try (Stream<Path> slots = Files.list(states.resolve("0"))) {
            Path only = slots.reduce((one, other) -> {
                        throw new AssertionError("one slot, but there is " + other);
                    })
                    .orElseThrow();
            return SafeTensors.read(only.resolve("round-000001.safetensors"), manager);
        }
    }

    private int folders;

    private double[] personal(Algorithm algorithm, int steps) throws IOException {
        return doubles(
                kept(algorithm, steps(steps)).tensors().get("personal/model").toFloatArray());
    }

    @Test
    void dittoPullsThePersonalModelToTheReceivedOne() throws IOException {
        Ditto ditto = new Ditto(.7);
        assertStep(personal(ditto, 1), personal(ditto, 2), v -> loss(v) + .35 * squaredDistance(v, START));
    }

    private static double[] mixed(double alpha, double[] v, double... w) {
        return IntStream.range(0, v.length)
                .mapToDouble(i -> alpha * v[i] + (1 - alpha) * w[i])
                .toArray();
    }

    @Test
    void apflDescendsAlongTheMixtureInModelAndShare() throws IOException {
        Apfl apfl = new Apfl(.3, true);
        double[] shared = delta(line().training(steps(1)).algorithm(apfl));
        double[] one = personal(apfl, 1);
        assertThat(share(apfl, 1)).isEqualTo(.3); // both models started alike
        assertStep(one, personal(apfl, 2), v -> loss(mixed(.3, v, shared)));
        assertStep(
                new double[] {share(apfl, 1)},
                new double[] {share(apfl, 2)},
                alpha -> loss(mixed(alpha[0], one, shared)));
    }

    private double share(Apfl apfl, int steps) throws IOException {
        String numbers = kept(apfl, steps(steps)).metadata().get("numbers");
        return Double.parseDouble(numbers.replaceAll("[^0-9.]", ""));
    }

    /** Three examples of class 0, none of class 1, one of class 2. */
    @Test
    void fedLcLowersLogitsByRarity() {
        double[] margins = {Math.pow(3, -.25), 1, 1};
        LearningTask softmax = new LearningTask(
                Network.of(new Layer.Dense(3)),
                new Shape(1),
                ExampleMeasure.crossEntropy(),
                Map.of(),
                (values, shape, fanIn, random) -> {});
        ToDoubleFunction<double[]> objective = w -> {
            double sum = 0;
            for (int i = 0; i < X.length; i++) {
                double[] logits = new double[3];
                for (int c = 0; c < 3; c++) {
                    logits[c] = w[c] * X[i] + w[3 + c] - .5 * margins[c];
                }
                double total = Arrays.stream(logits).map(Math::exp).sum();
                sum += Math.log(total) - logits[(int) LABELS[i]];
            }
            return sum / X.length;
        };
        double[][] after = new double[2][];
        for (int steps = 1; steps <= 2; steps++) {
            NDArray labels = Tensors.create(manager, LABELS);
            after[steps - 1] = delta(run(softmax, labels, new int[] {0, 1, 2, 3})
                    .training(steps(steps))
                    .algorithm(new FedLC(.5)));
        }
        assertStep(after[0], after[1], objective);
    }

    /** The gradient of the Moreau envelope, with the personal model fitted well. */
    @Test
    void pFedMeDescendsAlongTheEnvelope() {
        assertDescends(new PFedMe(2, 400, .05), w -> {
            double[] theta = w.clone();
            for (int i = 0; i < 2000; i++) {
                double[] slope = differences(t -> loss(t) + squaredDistance(t, w), theta);
                theta[0] -= .05 * slope[0];
                theta[1] -= .05 * slope[1];
            }
            return loss(theta) + squaredDistance(theta, w);
        });
    }
}
