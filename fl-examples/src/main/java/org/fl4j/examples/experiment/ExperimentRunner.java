package org.fl4j.examples.experiment;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.fl4j.data.Dataset;
import org.fl4j.data.PartitionReport;
import org.fl4j.examples.experiment.TrackedRuns.StoredRun;
import org.fl4j.simulation.JsonLinesListener;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.simulation.TaskJsonLines;
import org.fl4j.simulation.TaskLog;
import org.fl4j.tracking.MlflowListener;
import org.fl4j.tracking.TensorBoardListener;

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
    private final Extras extras;

    /** Names the directory, which need not exist, and where progress is printed. */
    public ExperimentRunner(Path directory, PrintStream out, Extras extras) {
        this.directory = directory;
        this.out = out;
        this.extras = extras;
    }

    /** Returns the store of a directory. */
    public static Path store(Path directory) {
        return directory.resolve(STORE);
    }

    /** Returns the experiment of a directory. */
    public static Path file(Path directory) {
        return directory.resolve(FILE);
    }

    /** Returns the directory of one run's own files. */
    public static Path own(Path directory, String key) {
        return directory.resolve("runs").resolve(key);
    }

    /**
     * Checks every run before the first one runs, and runs them. A run that fails is entered as such, and the others go on.
     *
     * @throws IllegalArgumentException if the directory is another experiment's
     * @throws IllegalStateException at the end, if a run failed
     */
    public void run(Path declared) {
        ExperimentFile experiment = ExperimentFile.read(declared);
        String yaml = text(declared);
        String title = experiment
                .name()
                .orElse(String.valueOf(directory.toAbsolutePath().getFileName()));
        Path copy = file(directory);
        if (Files.exists(copy) && !text(copy).equals(yaml)) {
            throw new IllegalArgumentException(
                    "directory must be new or this experiment's, but " + copy + " differs from " + declared);
        }
        Map<String, Dataset> data = new LinkedHashMap<>();
        try {
            for (ExperimentFile.Run run : experiment.runs()) {
                check(
                        declared,
                        run,
                        data.computeIfAbsent(
                                source(run), any -> run.spec().data().load()));
            }
            write(copy, yaml);
            List<String> failed = new ArrayList<>();
            try (TrackingStore store = new TrackingStore(store(directory))) {
                int number = 0;
                for (ExperimentFile.Run run : experiment.runs()) {
                    String name = run.label() + ", seed " + run.spec().seed();
                    out.printf(
                            Locale.ROOT,
                            "run %d of %d: %s%n",
                            ++number,
                            experiment.runs().size(),
                            name);
                    if (!done(title, yaml, run, data.get(source(run)), store)) {
                        failed.add(name);
                    }
                }
            }
            if (!failed.isEmpty()) {
                throw new IllegalStateException(failed.size() + " of "
                        + experiment.runs().size() + " runs failed: " + String.join("; ", failed));
            }
        } finally {
            data.values().forEach(Dataset::close);
        }
    }

    private static String source(ExperimentFile.Run run) {
        return run.spec().data().set() + " " + run.spec().data().source();
    }

    private static void check(Path declared, ExperimentFile.Run run, Dataset dataset) {
        try {
            Objects.requireNonNull(run.spec().builder(dataset).build());
        } catch (IllegalArgumentException e) {
            throw new ExperimentException(
                    declared, 1, run.label() + ", seed " + run.spec().seed(), e.getMessage());
        }
    }

    /** Returns false if the run failed. */
    private boolean done(String name, String yaml, ExperimentFile.Run run, Dataset dataset, TrackingStore store) {
        Optional<String> before = store.read().all().stream()
                .filter(stored -> stored.experiment().equals(name)
                        && stored.key().equals(run.spec().key())
                        && !stored.status().equals("cancelled"))
                .findFirst()
                .flatMap(StoredRun::modelSha256);
        if (before.isPresent()) {
            out.println("  finished before: " + before.get());
            return true;
        }
        RunTracker tracker = new RunTracker(store, store.begin(name, yaml, run, Versions.here()));
        try {
            one(name, run, dataset, tracker);
            return true;
        } catch (RuntimeException e) {
            tracker.failed(e);
            out.println("  failed: " + e.getMessage());
            return false;
        }
    }

    private void one(String name, ExperimentFile.Run run, Dataset dataset, RunTracker tracker) {
        Path own = own(directory, run.spec().key());
        PartitionReport partition = PartitionReport.of(
                run.spec().partition(dataset), dataset.train().classIndices());
        write(own.resolve("partition.csv"), partition.toCsv());
        SimulationBuilder builder = resumable(run.spec(), dataset, own)
                .hashUpdates(true)
                .listener(new JsonLinesListener(own.resolve("rounds.jsonl")))
                .listener(new TaskJsonLines(own.resolve("tasks.jsonl")))
                .listener(new TaskLog(own.resolve("tasks.log")))
                .listener(tracker);
        if (extras.tensorBoard()) {
            String folder = MetricsExport.folder(run.label(), run.spec().seed());
            builder.listener(
                    new TensorBoardListener(directory.resolve("tensorboard").resolve(folder)));
        }
        try (RunProgress progress = new RunProgress(run.label());
                MlflowListener mlflow = extras.mlflow()
                        .map(server -> mlflow(server, name, run, own))
                        .orElse(null)) {
            if (extras.progress()) {
                builder.listener(progress);
            }
            if (mlflow != null) {
                builder.listener(mlflow);
            }
            try (RunResult result = builder.build().run()) {
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
    }

    private MlflowListener mlflow(URI server, String experiment, ExperimentFile.Run run, Path own) {
        return new MlflowListener(
                server,
                extras.mlflowToken(),
                experiment,
                run.label() + ", seed " + run.spec().seed(),
                run.spec().settings(),
                own.resolve("mlflow-run"));
    }

    /** Returns a builder of a run that goes on where it was broken off. */
    static SimulationBuilder resumable(ExperimentSpec spec, Dataset dataset, Path own) {
        return spec.builder(dataset).checkpoints(own.resolve("checkpoints"), 1).resume(true);
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
