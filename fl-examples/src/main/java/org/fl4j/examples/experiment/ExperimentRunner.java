package org.fl4j.examples.experiment;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.fl4j.core.ServerState;
import org.fl4j.data.Dataset;
import org.fl4j.data.PartitionReport;
import org.fl4j.examples.experiment.TrackingStore.StoredRun;
import org.fl4j.simulation.JsonLinesListener;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunListener;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.SimulationBuilder;

/**
 * Runs all runs of an experiment, one after another, into a directory: the file itself, a store, and for each run its checkpoints and
 * reports. What is finished is not run again and what was broken off goes on where it was, so a directory can be given again after
 * anything.
 */
public final class ExperimentRunner {
    private static final String FILE = "experiment.yaml";
    private static final String STORE = "runs.db";

    private final Path directory;
    private final PrintStream out;

    /** Names the directory, which need not exist, and where progress is printed. */
    public ExperimentRunner(Path directory, PrintStream out) {
        this.directory = directory;
        this.out = out;
    }

    /** Returns the store of a directory. */
    public static Path store(Path directory) {
        return directory.resolve(STORE);
    }

    /** Returns the experiment of a directory. */
    public static Path file(Path directory) {
        return directory.resolve(FILE);
    }

    /**
     * Checks every run before the first one runs, and runs them.
     *
     * @throws IllegalArgumentException if the directory is another experiment's
     */
    public void run(Path declared) {
        ExperimentFile experiment = ExperimentFile.read(declared);
        String yaml = text(declared);
        Path copy = file(directory);
        if (Files.exists(copy) && !text(copy).equals(yaml)) {
            throw new IllegalArgumentException(
                    "directory must be new or this experiment's, but " + copy + " differs from " + declared);
        }
        Map<String, Dataset> data = new LinkedHashMap<>();
        try {
            for (ExperimentFile.Run run : experiment.runs()) {
                Dataset dataset = data.computeIfAbsent(
                        run.spec().data().set() + " " + run.spec().data().source(),
                        any -> run.spec().data().load());
                check(declared, run, dataset);
            }
            write(copy, yaml);
            try (TrackingStore store = new TrackingStore(store(directory))) {
                int number = 0;
                for (ExperimentFile.Run run : experiment.runs()) {
                    out.printf(
                            Locale.ROOT,
                            "run %d of %d: %s, seed %d%n",
                            ++number,
                            experiment.runs().size(),
                            run.label(),
                            run.spec().seed());
                    Dataset dataset = data.get(
                            run.spec().data().set() + " " + run.spec().data().source());
                    one(experiment.name(), yaml, run, dataset, store);
                }
            }
        } finally {
            data.values().forEach(Dataset::close);
        }
    }

    private static void check(Path declared, ExperimentFile.Run run, Dataset dataset) {
        try {
            Objects.requireNonNull(run.spec().builder(dataset).build());
        } catch (IllegalArgumentException e) {
            throw new ExperimentException(
                    declared, 1, run.label() + ", seed " + run.spec().seed(), e.getMessage());
        }
    }

    private void one(String name, String yaml, ExperimentFile.Run run, Dataset dataset, TrackingStore store) {
        StoredRun before = store.runs().stream()
                .filter(stored -> stored.experiment().equals(name)
                        && stored.key().equals(run.spec().key()))
                .findFirst()
                .orElse(null);
        if (before != null
                && before.modelSha256().isPresent()
                && !before.status().equals("cancelled")) {
            out.println("  finished before: " + before.modelSha256().get());
            return;
        }
        int id = store.begin(name, yaml, run);
        Path own = directory.resolve("runs").resolve(run.spec().key());
        PartitionReport partition = PartitionReport.of(
                run.spec().partition(dataset), dataset.train().classIndices());
        write(own.resolve("partition.csv"), partition.toCsv());
        SimulationBuilder builder = run.spec()
                .builder(dataset)
                .checkpoints(own.resolve("checkpoints"), 1)
                .resume(true)
                .listener(new JsonLinesListener(own.resolve("rounds.jsonl")))
                .listener(new Tracking(store, id));
        try (RunResult result = builder.build().run()) {
            store.end(id, result);
            out.printf(
                    Locale.ROOT,
                    "  %s after %d rounds: accuracy %s, %s%n",
                    result.end().name().toLowerCase(Locale.ROOT),
                    result.history().size(),
                    result.finalMetrics().find("test/accuracy").stream()
                            .mapToObj(accuracy -> String.format(Locale.ROOT, "%.4f", accuracy))
                            .findAny()
                            .orElse("-"),
                    result.modelSha256());
        }
    }

    /** Enters rounds into the store. */
    private record Tracking(TrackingStore store, int run) implements RunListener {
        @Override
        public void runStarted(int completedRounds, int totalRounds) {
            store.keepUpTo(run, completedRounds);
        }

        @Override
        public void roundEnded(RoundReport report, ServerState state) {
            store.add(run, report);
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    private static void write(Path file, String text) {
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file + ": " + e.getMessage(), e);
        }
    }
}
