package org.fl4j.examples.command;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.fl4j.data.Dataset;
import org.fl4j.data.PartitionReport;
import org.fl4j.experiments.DataSpec;
import org.fl4j.experiments.ExecutionSpec;
import org.fl4j.experiments.ExperimentSpec;
import org.fl4j.experiments.RunProgress;
import org.fl4j.experiments.StrategySpec;
import org.fl4j.experiments.TrainingSpec;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.SimulationBuilder;
import picocli.CommandLine;
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
                    "a whole algorithm, such as scaffold or fedprox:mu=0.01; other options must not name one of its"
                            + " own parts")
    private String algorithm;

    @Option(names = "--aggregator", description = "such as median or krum:byzantine=2 (default: fedavg)")
    private String aggregator;

    @Option(names = "--server-optimizer", description = "such as fedadam:learningRate=0.03 (default: plain)")
    private String serverOptimizer;

    @Option(
            names = "--selector",
            description = "who takes part in a round, such as oort (default: the algorithm's, or uniform)")
    private String selector;

    @Mixin
    private ClockOptions clock;

    @Option(
            names = "--client-evaluation",
            description = "every so many rounds clients evaluate the model on their own examples (default: never)")
    private Integer clientEvaluation;

    @Option(
            names = "--local-test",
            description = "share of each client's examples that it evaluates on and does not train on (default: 0.2"
                    + " with --client-evaluation)")
    private Double localTest;

    @Option(
            names = "--held-out",
            defaultValue = "0",
            description = "how many of the clients evaluate and never train (default: ${DEFAULT-VALUE})")
    private int heldOut;

    @Option(names = "--target", description = "accuracy to end at; on a simulated clock its time is printed")
    private Double target;

    @Option(
            names = "--upload-transform",
            description = "what is done to updates before they are sent, such as norm-clipping:clippingBound=1")
    private String uploadTransform;

    @Option(names = "--privacy", description = "put around all that, such as central-dp:epsilon=2 or local-dp")
    private String privacy;

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

    @Option(names = "--resume", description = "resume from the latest checkpoint in --out")
    private boolean resume;

    @Option(names = "--progress", description = "show a progress bar with the time that is left")
    private boolean progress;

    /** Runs the experiment, prints its table, and returns the exit code: 1 if nothing was learned. */
    int run(String set, String source, String model) {
        ExperimentSpec spec = new ExperimentSpec(
                new DataSpec(set, source, model, partition, clients, Optional.ofNullable(localTest), heldOut),
                new TrainingSpec(clientLearningRate, epochs, batchSize),
                new StrategySpec(
                        Optional.ofNullable(algorithm),
                        Optional.ofNullable(aggregator),
                        Optional.ofNullable(serverOptimizer),
                        Optional.ofNullable(selector),
                        Optional.ofNullable(uploadTransform),
                        Optional.ofNullable(privacy),
                        Optional.ofNullable(attack),
                        Optional.ofNullable(poison),
                        byzantine),
                clock.spec(),
                cohort,
                rounds,
                Optional.ofNullable(target),
                Optional.ofNullable(clientEvaluation),
                device,
                ExecutionSpec.plain(Optional.ofNullable(workers)),
                seed);
        try (RunDirectory directory =
                        Optional.ofNullable(out).map(RunDirectory::new).orElse(null);
                Dataset dataset = spec.data().load();
                RunProgress bar = new RunProgress("rounds")) {
            SimulationBuilder builder = spec.builder(dataset)
                    .listener(new RoundTable(System.out, spec.clientAccuracies()))
                    .resume(resume);
            if (progress) {
                builder.listener(bar);
            }
            if (directory != null) {
                PartitionReport report = PartitionReport.of(
                        spec.partition(dataset), dataset.train().classIndices());
                directory.receive(builder, report, metrics(spec));
            }
            try (RunResult result = builder.build().run()) {
                RoundTable.printSummary(System.out, result, spec.target());
                return result.end() == RunResult.End.NO_UPDATES
                        ? CommandLine.ExitCode.SOFTWARE
                        : CommandLine.ExitCode.OK;
            }
        }
    }

    private static List<String> metrics(ExperimentSpec spec) {
        List<String> metrics = new ArrayList<>(List.of("train/loss", "test/loss", "test/accuracy", "time/seconds"));
        metrics.addAll(spec.clientAccuracies());
        return metrics;
    }
}
