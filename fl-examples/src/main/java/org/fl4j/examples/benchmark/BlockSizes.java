package org.fl4j.examples.benchmark;

import ai.djl.ndarray.types.Shape;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.fl4j.client.LocalTraining;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.Partition;
import org.fl4j.internal.Check;
import org.fl4j.model.Layer;
import org.fl4j.model.LearningTask;
import org.fl4j.model.Network;
import org.fl4j.random.Seed;
import org.fl4j.simulation.BlockTraining;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;

/**
 * Times rounds by the size of blocks: 64 clients of so many examples train networks with 784 inputs, one hidden layer
 * and ten outputs in batches of ten, two workers. Prints milliseconds a round, medians of runs in turns.
 *
 * @param examples that each client has
 * @param clients in a round, which are all there are
 * @param rounds of each run, at least 2; the first one does not count
 * @param repeats runs of each kind
 */
public record BlockSizes(int examples, int clients, int rounds, int repeats) {
    private static final int CLIENTS = 64;
    private static final int REPEATS = 3;
    private static final List<Integer> HIDDEN = List.of(0, 64, 128, 256); // 0 for no hidden layer
    private static final List<Integer> SIZES = List.of(1, 2, 4, 8, 16, 32);

    /** Measures clients with the number of examples, and runs of the number of rounds, that the arguments say. */
    public static void main(String[] arguments) {
        Check.that(arguments.length == 2, "arguments", "the number of examples, and of rounds", List.of(arguments));
        new BlockSizes(Integer.parseInt(arguments[0]), CLIENTS, Integer.parseInt(arguments[1]), REPEATS)
                .print(HIDDEN, SIZES, System.out);
    }

    void print(List<Integer> hidden, List<Integer> sizes, PrintStream out) {
        try (Dataset digits = Digits.generate(clients * examples, 10, new Seed(0))) {
            for (int units : hidden) {
                Map<Integer, List<Double>> bySize = new TreeMap<>();
                for (int repeat = 0; repeat < repeats; repeat++) {
                    for (int size : sizes) {
                        bySize.computeIfAbsent(size, any -> new ArrayList<>()).add(round(digits, task(units), size));
                    }
                }
                out.println(units + " hidden units, " + examples + " examples a client: "
                        + bySize.entrySet().stream()
                                .map(size -> String.format(
                                        Locale.ROOT, "blocks of %d %.1f ms", size.getKey(), median(size.getValue())))
                                .collect(Collectors.joining(", ")));
            }
        }
    }

    private static LearningTask task(int hidden) {
        Network network = hidden == 0
                ? Network.of(new Layer.Flatten(), new Layer.Dense(10))
                : Network.of(new Layer.Flatten(), new Layer.Dense(hidden), new Layer.Relu(), new Layer.Dense(10));
        return LearningTask.classification(network, new Shape(1, 28, 28));
    }

    /** Returns the median milliseconds of a round. */
    private double round(Dataset digits, LearningTask task, int blockSize) {
        Partition partition = Partition.of(IntStream.range(0, clients)
                .mapToObj(client -> IntStream.range(client * examples, (client + 1) * examples)
                        .toArray())
                .toList());
        try (RunResult result = Simulation.builder()
                .task(task)
                .data(digits.federated(partition))
                .training(LocalTraining.sgd(.05).batchSize(10))
                .cohortSize(clients)
                .rounds(rounds)
                .workers(2)
                .blockSize(blockSize)
                .blockTraining(blockSize == 1 ? BlockTraining.NEVER : BlockTraining.ALWAYS)
                .build()
                .run()) {
            return 1e3
                    * median(result.history().stream()
                            .skip(1)
                            .map(RoundReport::trainSeconds)
                            .toList());
        }
    }

    private static double median(List<Double> values) {
        List<Double> sorted = new ArrayList<>(values);
        Collections.sort(sorted);
        return sorted.get(sorted.size() / 2);
    }
}
