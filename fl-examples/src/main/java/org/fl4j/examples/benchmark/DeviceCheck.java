package org.fl4j.examples.benchmark;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.UnaryOperator;
import org.fl4j.client.LocalTraining;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.Examples;
import org.fl4j.data.Partitioners;
import org.fl4j.experiments.monitoring.SystemProbe;
import org.fl4j.metrics.Metrics;
import org.fl4j.model.FederatedModel;
import org.fl4j.model.Layer;
import org.fl4j.model.LearningTask;
import org.fl4j.model.Models;
import org.fl4j.model.Network;
import org.fl4j.model.SequenceLayer;
import org.fl4j.random.Seed;
import org.fl4j.registry.StrategyRegistry;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.BlockTraining;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.tensor.Devices;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.TensorEngine;

/**
 * Compares devices with the CPU: the same runs on both, and twice on the devices.
 *
 * @param devices what is checked
 * @param rounds of each run, at least 2: the first one is not timed
 * @param clients of each run
 * @param examples each of them holds
 * @param tolerance largest distance to what the CPU learned, relative to what it learned
 */
record DeviceCheck(Devices devices, int rounds, int clients, int examples, double tolerance) {
    private static final Shape ROWS = new Shape(28, 28);

    /** A run that is compared. */
    private record Case(String name, LearningTask task, UnaryOperator<SimulationBuilder> setup) {}

    /** What a run came to. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Measured(float[] model, double change, double seconds, Metrics last) {
        /** Returns the distance to what another run learned, relative to the change that learning made. */
        double difference(Measured other) {
            return distance(model, other.model) / change;
        }
    }

    private static UnaryOperator<SimulationBuilder> algorithm(String line) {
        return run -> run.algorithm(StrategyRegistry.load().parse(Algorithm.class, line));
    }

    private static UnaryOperator<SimulationBuilder> blocks(BlockTraining blocks) {
        return run -> run.blockTraining(blocks);
    }

    private List<Case> cases() {
        LearningTask rows = LearningTask.classification(
                Network.of(new SequenceLayer.Lstm(32), new SequenceLayer.LastPosition(), new Layer.Dense(10)), ROWS);
        LearningTask attention = LearningTask.classification(
                Network.of(
                        new SequenceLayer.PositionalEmbedding(),
                        SequenceLayer.SelfAttention.causal(4),
                        new SequenceLayer.LastPosition(),
                        new Layer.Dense(10)),
                ROWS);
        return List.of(
                new Case("2NN, one client after another", Models.mnist2nn(), blocks(BlockTraining.NEVER)),
                new Case("2NN in blocks", Models.mnist2nn(), blocks(BlockTraining.ALWAYS)),
                new Case(
                        "2NN, SCAFFOLD in blocks",
                        Models.mnist2nn(),
                        run -> algorithm("scaffold").apply(run.blockTraining(BlockTraining.ALWAYS))),
                new Case("2NN, FedNTD", Models.mnist2nn(), algorithm("fedntd")),
                new Case(
                        "2NN, DP-SGD",
                        Models.mnist2nn(),
                        algorithm("dp-sgd:clippingBound=1,rate=0.1,steps=3,epsilon=8,accountant=rdp,tasks=" + rounds)),
                new Case("CNN", Models.mnistCnn(), run -> run),
                new Case("LSTM over rows of pixels", rows, run -> run),
                new Case("attention over rows of pixels", attention, run -> run));
    }

    /** Prints a line for each case, and returns whether all is as it should be. */
    boolean print(PrintStream out) {
        out.printf(
                Locale.ROOT,
                "Each run: %d rounds of %d clients with %d examples. Difference: of what was learned, against the"
                        + " CPU.%n%n",
                rounds,
                clients,
                examples);
        out.println(
                "| case | CPU, s a round | device, s a round | difference | same bits twice | GPU busy | its memory |");
        out.println("| --- | --- | --- | --- | --- | --- | --- |");
        boolean sound = true;
        try (Dataset digits = Digits.generate(clients * examples, 100, new Seed(1))) {
            for (Case each : cases()) {
                Measured cpu = measured(each, Devices.cpu(), digits);
                Measured first = measured(each, devices, digits);
                Measured second = measured(each, devices, digits);
                double difference = cpu.difference(first);
                sound &= difference <= tolerance;
                out.printf(
                        Locale.ROOT,
                        "| %s | %.4f | %.4f | %.1e%s | %s | %s | %s |%n",
                        each.name(),
                        cpu.seconds(),
                        second.seconds(),
                        difference,
                        difference <= tolerance ? "" : ": TOO FAR",
                        first.difference(second) == 0 ? "yes" : "no",
                        share(second.last().find("resource/gpu")),
                        share(second.last().find("resource/gpu memory max")));
            }
        }
        out.printf(Locale.ROOT, "%n%s%n", sound ? "All agree within " + tolerance + "." : "Some do NOT agree.");
        return sound;
    }

    private static String share(OptionalDouble value) {
        return value.isPresent() ? String.format(Locale.ROOT, "%.0f %%", 100 * value.getAsDouble()) : "unknown";
    }

    private Measured measured(Case each, Devices where, Dataset digits) {
        Dataset data = each.task().inputShape().equals(ROWS) ? inRows(digits) : digits;
        try (NDManager manager = TensorEngine.newManager(Device.cpu());
                FederatedModel model = new FederatedModel(each.task())) {
            ParameterVector begun = model.initial(new Seed(3), manager);
            SimulationBuilder run = Simulation.builder()
                    .task(each.task())
                    .data(Partitioners.iid().federated(data, clients, new Seed(2)))
                    .training(LocalTraining.sgd(.05).batchSize(10))
                    .initialModel(begun)
                    .cohortSize(clients)
                    .rounds(rounds)
                    .devices(where)
                    .monitor(new SystemProbe(Path.of("."), where.list()), Duration.ofMillis(100));
            try (RunResult result = each.setup().apply(run).build().run()) {
                double[] seconds = result.history().stream()
                        .skip(1)
                        .mapToDouble(RoundReport::trainSeconds)
                        .sorted()
                        .toArray();
                float[] learned = result.state().model().floats().toFloatArray();
                return new Measured(
                        learned,
                        distance(learned, begun.floats().toFloatArray()),
                        seconds[seconds.length / 2],
                        result.history().get(rounds - 1).metrics());
            }
        }
    }

    private static double distance(float[] a, float... b) {
        double square = 0;
        for (int i = 0; i < a.length; i++) {
            square += Math.pow((double) a[i] - b[i], 2);
        }
        return Math.sqrt(square);
    }

    private static Dataset inRows(Dataset digits) {
        return new Dataset(inRows(digits.train()), inRows(digits.test()), digits.classCount());
    }

    private static Examples inRows(Examples images) {
        return new Examples(images.features().reshape(new Shape(images.count()).addAll(ROWS)), images.labels());
    }
}
