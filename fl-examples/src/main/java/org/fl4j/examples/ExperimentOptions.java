package org.fl4j.examples;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import org.fl4j.client.LocalTraining;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.ServerOptimizer;
import org.fl4j.core.UpdateTransform;
import org.fl4j.data.ClassesPerClientPartitioner;
import org.fl4j.data.Dataset;
import org.fl4j.data.DirichletPartitioner;
import org.fl4j.data.FederatedDataset;
import org.fl4j.data.IidPartitioner;
import org.fl4j.data.Partition;
import org.fl4j.data.PartitionReport;
import org.fl4j.data.Partitioner;
import org.fl4j.data.QuantitySkewPartitioner;
import org.fl4j.data.ShardPartitioner;
import org.fl4j.examples.attack.Attack;
import org.fl4j.examples.attack.Byzantine;
import org.fl4j.examples.attack.Poison;
import org.fl4j.examples.attack.PoisonedDataset;
import org.fl4j.internal.Check;
import org.fl4j.model.LearningTask;
import org.fl4j.random.Seed;
import org.fl4j.registry.StrategyRegistry;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.CsvListener;
import org.fl4j.simulation.JsonLinesListener;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.simulation.StopRule;
import org.fl4j.tensor.Devices;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options that both experiments share, and the run they describe. */
final class ExperimentOptions {
    @Option(names = "--clients", defaultValue = "100", description = "number of clients (default: ${DEFAULT-VALUE})")
    private int clients;

    @Option(names = "--cohort", defaultValue = "10", description = "clients a round (default: ${DEFAULT-VALUE})")
    private int cohort;

    @Option(
            names = "--partition",
            defaultValue = "iid",
            description = "iid, shards:K, dirichlet:ALPHA, classes:K, lognormal:SIGMA or quantity:ALPHA"
                    + " (default: ${DEFAULT-VALUE})")
    private String partition;

    @Option(names = "--rounds", defaultValue = "20", description = "number of rounds (default: ${DEFAULT-VALUE})")
    private int rounds;

    @Option(names = "--epochs", defaultValue = "1", description = "local epochs (default: ${DEFAULT-VALUE})")
    private int epochs;

    @Option(names = "--batch-size", defaultValue = "10", description = "examples a step (default: ${DEFAULT-VALUE})")
    private int batchSize;

    @Option(
            names = "--client-lr",
            defaultValue = "0.1",
            description = "client learning rate (default: ${DEFAULT-VALUE})")
    private double clientLearningRate;

    @Option(
            names = "--algorithm",
            description =
                    "a whole algorithm, such as scaffold or fedprox:mu=0.01; what other options name takes the place of its parts")
    private String algorithm;

    @Option(names = "--aggregator", description = "such as median or krum:byzantine=2 (default: fedavg)")
    private String aggregator;

    @Option(names = "--server-optimizer", description = "such as fedadam:learningRate=0.03 (default: plain)")
    private String serverOptimizer;

    @Option(
            names = "--selector",
            defaultValue = "uniform",
            description = "who takes part in a round (default: ${DEFAULT-VALUE})")
    private String selector;

    @Mixin
    private ClockOptions clock;

    @Option(names = "--target", description = "accuracy to end at; on a simulated clock its time is printed")
    private Double target;

    @Option(
            names = "--upload-transform",
            description = "what is done to updates before they are sent, such as norm-clipping:clippingBound=1")
    private String uploadTransform;

    @Option(
            names = "--byzantine",
            defaultValue = "0",
            description = "how many clients attack (default: ${DEFAULT-VALUE})")
    private int byzantine;

    @Option(names = "--attack", description = "what Byzantine clients send, such as little-is-enough")
    private String attack;

    @Option(names = "--poison", description = "what Byzantine clients train on, such as label-flip")
    private String poison;

    @Option(
            names = "--device",
            defaultValue = "cpu",
            description = "cpu, gpu, gpu:1, auto, or a list such as gpu:0,gpu:1 (default: ${DEFAULT-VALUE})")
    private String device;

    @Option(names = "--workers", description = "clients that train at once (default: one a processor)")
    private Integer workers;

    @Option(
            names = "--seed",
            defaultValue = "0",
            description = "seed of all random choices (default: ${DEFAULT-VALUE})")
    private long seed;

    @Option(names = "--out", description = "directory for metrics (JSON lines, CSV), partition report and checkpoints")
    private Path out;

    @Option(names = "--resume", description = "go on from the latest checkpoint in --out")
    private boolean resume;

    @Option(names = "--progress", description = "show a progress bar with the time that is left")
    private boolean progress;

    /** Runs the experiment and prints its table. */
    void run(LearningTask task, Dataset dataset) {
        int[] labels = dataset.train().classIndices();
        Partition parts = partitioner().partition(labels, clients, new Seed(seed).derive("partition"));
        StrategyRegistry strategies = StrategyRegistry.load();
        SimulationBuilder builder = Simulation.builder()
                .task(task)
                .data(poisoned(strategies, dataset.federated(parts)))
                .testData(dataset.test())
                .training(LocalTraining.sgd(clientLearningRate).epochs(epochs).batchSize(batchSize))
                .selector(strategies.parse(ClientSelector.class, selector))
                .aggregator(strategies.parse(Aggregator.class, "fedavg"))
                .cohortSize(cohort)
                .rounds(rounds)
                .devices(Devices.parse(device))
                .seed(seed);
        set(algorithm, Algorithm.class, strategies, builder::algorithm);
        clock.configure(builder, cohort, strategies);
        set(aggregator, Aggregator.class, strategies, builder::aggregator);
        set(
                attack,
                Attack.class,
                strategies,
                forging -> builder.aroundAggregator(defence -> new Byzantine(defence, forging, attackers())));
        set(serverOptimizer, ServerOptimizer.class, strategies, builder::serverOptimizer);
        set(uploadTransform, UpdateTransform.class, strategies, builder::uploadTransform);
        RoundTable table = new RoundTable(System.out, progress);
        builder.listener(table);
        Optional.ofNullable(workers).ifPresent(builder::workers);
        Optional.ofNullable(out).ifPresent(directory -> {
            RunDirectory.writeReport(directory, PartitionReport.of(parts, labels));
            builder.checkpoints(directory.resolve("checkpoints"), 1)
                    .listener(new JsonLinesListener(directory.resolve("rounds.jsonl")))
                    .listener(new CsvListener(
                            directory.resolve("rounds.csv"),
                            List.of("train/loss", "test/loss", "test/accuracy", "time/seconds")));
        });
        Optional.ofNullable(target).ifPresent(goal -> builder.stopRule(StopRule.targetReached("test/accuracy", goal)));
        builder.resume(resume);
        try (dataset;
                table;
                RunResult result = builder.build().run()) {
            RoundTable.printSummary(System.out, result, Optional.ofNullable(target));
        }
    }

    private FederatedDataset poisoned(StrategyRegistry strategies, FederatedDataset clean) {
        return poison == null ? clean : new PoisonedDataset(clean, strategies.parse(Poison.class, poison), attackers());
    }

    private int attackers() {
        return Check.inRange("byzantine", 1, clients, byzantine);
    }

    private static <T> void set(String named, Class<T> kind, StrategyRegistry strategies, Consumer<T> builder) {
        if (named != null) {
            builder.accept(strategies.parse(kind, named));
        }
    }

    private Partitioner partitioner() {
        String[] parts = partition.toLowerCase(Locale.ROOT).split(":", 2);
        String argument = parts.length == 2 ? parts[1] : "";
        try {
            return switch (parts[0]) {
                case "iid" -> new IidPartitioner();
                case "shards" -> new ShardPartitioner(Integer.parseInt(argument));
                case "dirichlet" -> new DirichletPartitioner(Double.parseDouble(argument));
                case "classes" -> new ClassesPerClientPartitioner(Integer.parseInt(argument));
                case "lognormal" -> QuantitySkewPartitioner.logNormal(Double.parseDouble(argument));
                case "quantity" -> QuantitySkewPartitioner.dirichlet(Double.parseDouble(argument));
                default ->
                    throw new IllegalArgumentException(
                            "partition must be iid, shards:K, dirichlet:ALPHA, classes:K, lognormal:SIGMA or quantity:ALPHA,"
                                    + " but was " + partition);
            };
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "partition must have a number after the colon, as in shards:2, but was " + partition, e);
        }
    }
}
