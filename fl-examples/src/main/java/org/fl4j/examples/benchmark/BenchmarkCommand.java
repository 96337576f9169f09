package org.fl4j.examples.benchmark;

import ai.djl.ndarray.NDArray;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.fl4j.client.LocalBatch;
import org.fl4j.client.LocalStep;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.core.Codec;
import org.fl4j.data.Partition;
import org.fl4j.expression.Expression;
import org.fl4j.random.Sampling;
import org.fl4j.random.Seed;
import org.fl4j.registry.StrategyRegistry;
import org.fl4j.server.FedAvg;
import org.fl4j.server.UniformSelector;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.BlockTraining;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunListener;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.tensor.Devices;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Times the rounds of a workload and prints one JSON line, in the manner of a PyTorch loop of the same work. */
@Command(
        name = "benchmark",
        description =
                "Times rounds of a workload: p1, p2, p3, p5, p6, p8, p9 or p10; or of all, beside loops of peers.",
        mixinStandardHelpOptions = true)
public final class BenchmarkCommand implements Callable<Integer> {
    @Parameters(paramLabel = "WORKLOAD", description = "p1, p2, p3, p5, p6, p8, p9, p10 or all")
    private String workload;

    @Option(
            names = "--data",
            defaultValue = "digits",
            description =
                    "digits, or the directory of MNIST; for p5 and p9 of CIFAR-10, for p8 and p10 of a text input.txt"
                            + " (default: ${DEFAULT-VALUE})")
    private String data;

    @Option(
            names = "--engine",
            defaultValue = "compiled",
            description = "compiled, term (clients of one's own that add an expression to gradients), hook (the same in"
                    + " Java), eager, null (clients that do not"
                    + " train), or trainer, a loop over DJL's Trainer (default: ${DEFAULT-VALUE})")
    private String engine;

    @Option(names = "--algorithm", description = "an algorithm by its name, such as fedntd (default: FedAvg)")
    private String algorithm;

    @Option(names = "--codec", description = "a codec by its name, such as top-k (default: none)")
    private String codec;

    @Option(names = "--one-by-one", description = "have clients train one by one, and not in blocks")
    private boolean oneByOne;

    @Option(names = "--rounds", description = "number of rounds (default: the workload's)")
    private Integer rounds;

    @Option(names = "--cohort", description = "clients a round (default: the workload's)")
    private Integer cohort;

    @Option(names = "--workers", description = "clients that train at once (default: one a processor)")
    private Integer workers;

    @Option(names = "--device", defaultValue = "cpu", description = "where to compute (default: ${DEFAULT-VALUE})")
    private String device;

    @Mixin
    private PeerOptions peers;

    private double startUpSeconds = Double.NaN;

    @Override
    public Integer call() {
        if (workload.equals("all")) {
            peers.sideBySide(data);
            return 0;
        }
        BenchmarkCase work = BenchmarkCase.find(workload);
        int total = rounds == null ? work.rounds : rounds;
        try (BenchmarkData dataset = work.data(data)) {
            Partition partition = partition(work, dataset.train().count());
            double[] seconds;
            double accuracy;
            if (engine.equals("trainer")) {
                TrainerLoop loop = new TrainerLoop(work, dataset, partition);
                seconds = loop.run(total);
                accuracy = Double.NaN;
            } else {
                try (RunResult result =
                        simulation(work, dataset, partition, total).run()) {
                    seconds = result.history().stream()
                            .mapToDouble(RoundReport::trainSeconds)
                            .toArray();
                    accuracy = result.finalMetrics().value("test/accuracy");
                }
            }
            print(work, seconds, accuracy);
        }
        return 0;
    }

    private Simulation simulation(BenchmarkCase work, BenchmarkData dataset, Partition partition, int total) {
        LocalTraining training = LocalTraining.sgd(work.learningRate).batchSize(work.batch);
        SimulationBuilder builder = Simulation.builder()
                .task(work.task.get())
                .data(dataset.federated(partition))
                .testData(dataset.test())
                .training(training)
                .selector(new UniformSelector())
                .aggregator(new FedAvg())
                .cohortSize(cohort == null ? work.cohort : cohort)
                .rounds(total)
                .evaluateEvery(work == BenchmarkCase.P6 ? 20 : 5)
                .devices(Devices.parse(device))
                .listener(new RunListener() {
                    @Override
                    public void runStarted(int completedRounds, int totalRounds) {
                        startUpSeconds = (System.currentTimeMillis()
                                        - ManagementFactory.getRuntimeMXBean().getStartTime())
                                / 1e3;
                    }
                });
        if (oneByOne) {
            builder.blockTraining(BlockTraining.NEVER);
        }
        Optional.ofNullable(workers).ifPresent(builder::workers);
        Optional.ofNullable(codec)
                .ifPresent(line -> builder.codec(StrategyRegistry.load().parse(Codec.class, line)));
        Optional.ofNullable(algorithm)
                .ifPresent(line -> builder.algorithm(StrategyRegistry.load().parse(Algorithm.class, line)));
        setClients(builder, training);
        return builder.build();
    }

    private void setClients(SimulationBuilder builder, LocalTraining training) {
        if (engine.equals("hook")) {
            builder.clients((id, worker) -> new SgdClient(id, worker, training) {
                @Override
                protected void afterBackward(LocalStep step) {
                    step.gradient().addi(step.parameters().sub(step.received()).muli(.01f));
                }
            });
        } else if (engine.equals("term")) {
            Expression drift = Expression.parameters().minus(Expression.received());
            Optional<Expression> pull = Optional.of(drift.times(.01));
            builder.clients((id, worker) -> new SgdClient(id, worker, training) {
                @Override
                protected Optional<Expression> gradientTerm() {
                    return pull;
                }
            });
        } else if (engine.equals("eager")) {
            builder.clients((id, worker) -> new SgdClient(id, worker, training) {
                @Override
                protected NDArray losses(NDArray predictions, LocalBatch batch) { // without a compiled form
                    return super.losses(predictions, batch);
                }
            });
        } else if (engine.equals("null")) {
            builder.clients((id, worker) -> new NullClient(id));
        } else if (!engine.equals("compiled")) {
            throw new IllegalArgumentException(
                    "engine must be compiled, term, hook, eager, null or trainer, but was " + engine);
        }
    }

    private static Partition partition(BenchmarkCase work, int examples) {
        int[] order = Sampling.permutation(examples, new Seed(1).generator());
        List<int[]> held = IntStream.range(0, work.clients)
                .mapToObj(i -> Arrays.copyOfRange(order, i * work.examplesPerClient, (i + 1) * work.examplesPerClient))
                .toList();
        return Partition.of(held);
    }

    private void print(BenchmarkCase work, double[] seconds, double accuracy) {
        double[] sorted = Arrays.copyOfRange(seconds, Math.min(1, seconds.length - 1), seconds.length);
        Arrays.sort(sorted);
        System.out.printf(
                Locale.ROOT,
                "{\"workload\": \"%s\", \"engine\": \"%s\", \"rounds\": %d, \"round_seconds_median\": %.5f,"
                        + " \"round_seconds_min\": %.5f, \"round_seconds_sum\": %.3f, \"accuracy\": %s,"
                        + " \"start_up_seconds\": %s, \"peak_rss_mib\": %d}%n",
                work.name().toLowerCase(Locale.ROOT),
                engine,
                seconds.length,
                sorted[sorted.length / 2],
                sorted[0],
                Arrays.stream(seconds).sum(),
                number("%.4f", accuracy),
                number("%.2f", startUpSeconds),
                peakMebibytes());
    }

    /** Returns null for what was not measured: JSON has no NaN. */
    private static String number(String format, double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, format, value) : "null";
    }

    /** The process's peak resident memory, or -1 where there is no /proc. */
    static long peakMebibytes() {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return -1;
        }
        try (var lines = Files.lines(status)) {
            String line =
                    lines.filter(text -> text.startsWith("VmHWM")).findFirst().orElseThrow();
            return Long.parseLong(line.replaceAll("\\D", "")) / 1024;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
