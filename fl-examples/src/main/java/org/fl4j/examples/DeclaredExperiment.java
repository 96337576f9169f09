package org.fl4j.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.fl4j.experiments.ExperimentRunner;
import org.fl4j.experiments.RunnerOptions;
import org.fl4j.experiments.TrackedRuns;
import org.fl4j.experiments.TrackingStore;

/**
 * An experiment that is declared: four runs from twelve lines, which are stored, and resumed if they are broken off.
 */
public final class DeclaredExperiment {
    private static final String YAML = """
            data: {set: mnist, source: digits, partition: "dirichlet:0.3", clients: 50}
            model: softmax
            cohort: 10
            rounds: 5
            seeds: [1, 2]
            sweep:
              aggregator: [fedavg, median]
            """;

    private DeclaredExperiment() {}

    /** Runs into the directory that is named, or into a new one, and prints the accuracy of each run. */
    public static void main(String[] arguments) throws IOException {
        Path directory = arguments.length > 0 ? Path.of(arguments[0]) : Files.createTempDirectory("experiment");
        Path file = Files.writeString(directory.resolve("declared.yaml"), YAML);
        new ExperimentRunner(directory, System.out, RunnerOptions.none()).run(file);
        try (TrackingStore store = TrackingStore.reading(ExperimentRunner.store(directory))) {
            TrackedRuns runs = store.read();
            for (TrackedRuns.StoredRun run : runs.all()) {
                System.out.printf(
                        Locale.ROOT,
                        "%s, seed %d: accuracy %.4f%n",
                        run.label(),
                        run.seed(),
                        runs.last(run.id(), "test/accuracy").orElseThrow());
            }
        }
    }
}
