package org.fl4j.examples.benchmark;

import ai.djl.ndarray.types.Shape;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.fl4j.client.LocalTraining;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.Partition;
import org.fl4j.experiments.chart.ScalingChart;
import org.fl4j.internal.Check;
import org.fl4j.model.Layer;
import org.fl4j.model.LearningTask;
import org.fl4j.model.Network;
import org.fl4j.random.Seed;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;

/**
 * Times rounds by how many clients there are in a round and by how many parameters the model has: clients of ten
 * examples train one step. Prints milliseconds a round, and how much memory the process has needed so far.
 *
 * @param rounds of each run, at least 2; the first one does not count
 */
public record CostBySize(int rounds) {
    private static final int EXAMPLES = 10;
    private static final List<Integer> COHORTS = List.of(10, 100, 1_000, 10_000);
    /** Units of two hidden layers; 0 for no hidden layer: 7,850 parameters to a hundred million. */
    private static final List<Integer> UNITS = List.of(0, 100, 670, 2_700, 9_600);

    /** Checks the number of rounds. */
    public CostBySize {
        Check.atLeast("rounds", 2, rounds);
    }

    /** Measures runs of as many rounds as the first argument says, and draws charts into the second, a directory. */
    public static void main(String[] arguments) {
        Check.that(
                arguments.length == 1 || arguments.length == 2,
                "arguments",
                "the number of rounds, and a directory for charts or none",
                List.of(arguments));
        Optional<Path> charts = arguments.length == 2 ? Optional.of(Path.of(arguments[1])) : Optional.empty();
        new CostBySize(Integer.parseInt(arguments[0])).print(COHORTS, UNITS, System.out, charts);
    }

    void print(List<Integer> cohorts, List<Integer> units, PrintStream out, Optional<Path> charts) {
        Map<Double, Double> byClients = byClients(cohorts, out);
        Map<Double, Double> byParameters = byParameters(units, out);
        charts.ifPresent(directory -> {
            ScalingChart.write(directory.resolve("cost-by-clients.png"), "clients a round", "ms a round", byClients);
            ScalingChart.write(
                    directory.resolve("cost-by-parameters.png"),
                    "parameters",
                    "ms a round of ten clients",
                    byParameters);
        });
    }

    private Map<Double, Double> byClients(List<Integer> cohorts, PrintStream out) {
        out.printf("| clients a round | ms a round | us a client | peak MiB |%n| --- | --- | --- | --- |%n");
        Map<Double, Double> milliseconds = new TreeMap<>();
        for (int cohort : cohorts) {
            double seconds = round(task(0), cohort);
            milliseconds.put((double) cohort, 1e3 * seconds);
            out.printf(
                    Locale.ROOT,
                    "| %,d | %.1f | %.0f | %d |%n",
                    cohort,
                    1e3 * seconds,
                    1e6 * seconds / cohort,
                    BenchmarkCommand.peakMebibytes());
        }
        return milliseconds;
    }

    private Map<Double, Double> byParameters(List<Integer> units, PrintStream out) {
        out.printf("%n| parameters | ms a round of ten clients | ns a parameter and client | peak MiB |%n");
        out.printf("| --- | --- | --- | --- |%n");
        Map<Double, Double> milliseconds = new TreeMap<>();
        for (int width : units) {
            double seconds = round(task(width), 10);
            long parameters = width == 0 ? 7_850 : 785L * width + (width + 1L) * width + 10 * (width + 1L);
            milliseconds.put((double) parameters, 1e3 * seconds);
            out.printf(
                    Locale.ROOT,
                    "| %,d | %.1f | %.1f | %d |%n",
                    parameters,
                    1e3 * seconds,
                    1e9 * seconds / 10 / parameters,
                    BenchmarkCommand.peakMebibytes());
        }
        return milliseconds;
    }

    private static LearningTask task(int units) {
        Network network = units == 0
                ? Network.of(new Layer.Flatten(), new Layer.Dense(10))
                : Network.of(
                        new Layer.Flatten(),
                        new Layer.Dense(units),
                        new Layer.Relu(),
                        new Layer.Dense(units),
                        new Layer.Relu(),
                        new Layer.Dense(10));
        return LearningTask.classification(network, new Shape(1, 28, 28));
    }

    /** Returns the median seconds of a round in which all clients take part. */
    private double round(LearningTask task, int clients) {
        try (Dataset digits = Digits.generate(1_000, 10, new Seed(0))) {
            List<int[]> held = IntStream.range(0, clients)
                    .mapToObj(client -> IntStream.range(0, EXAMPLES)
                            .map(i -> (client * EXAMPLES + i) % 1_000)
                            .toArray())
                    .toList();
            Partition partition = Partition.of(held, Partition.Allowance.SHARED_ROWS);
            try (RunResult result = Simulation.builder()
                    .task(task)
                    .data(digits.federated(partition))
                    .training(LocalTraining.sgd(.01).batchSize(EXAMPLES))
                    .cohortSize(clients)
                    .rounds(rounds)
                    .build()
                    .run()) {
                List<Double> seconds = new ArrayList<>(result.history().stream()
                        .skip(1)
                        .map(RoundReport::trainSeconds)
                        .toList());
                Collections.sort(seconds);
                return seconds.get(seconds.size() / 2);
            }
        }
    }
}
