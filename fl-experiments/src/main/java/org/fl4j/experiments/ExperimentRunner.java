package org.fl4j.experiments;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.fl4j.InvalidSettingException;
import org.fl4j.data.Dataset;
import org.fl4j.experiments.TrackedRuns.StoredRun;
import org.fl4j.experiments.tracking.MlflowListener;
import org.fl4j.internal.DirectoryLock;
import org.fl4j.internal.Durable;
import org.fl4j.simulation.ClientFailedException;
import org.fl4j.simulation.Simulation;
import org.fl4j.simulation.SimulationBuilder;

/**
 * Runs all runs of an experiment, one after another, into a directory: the file itself, a store, and for each run its
 * checkpoints and reports. What is finished is not run again and what was broken off goes on where it was, so a
 * directory can be given again after anything.
 */
public final class ExperimentRunner {
    private static final String FILE = "experiment.yaml";
    private static final String STORE = "runs.db";

    private final Path directory;
    private final PrintStream out;
    private final RunnerOptions extras;

    /** Names the directory, which need not exist, and where progress is printed. */
    public ExperimentRunner(Path directory, PrintStream out, RunnerOptions extras) {
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
     * Checks every run before the first one runs, and has a client of each kind of run train once; then runs them. A
     * run that fails is entered as such, and the others go on. The file may have changed since the directory was begun,
     * as long as it still declares every run that is there.
     *
     * @throws IllegalArgumentException if the directory is another experiment's, or in the hands of another process
     * @throws IllegalStateException at the end, if a run failed
     */
    public void run(Path declared) {
        ExperimentFile experiment = ExperimentFile.read(declared);
        String yaml = text(declared);
        Map<String, Dataset> data = new LinkedHashMap<>();
        try (DirectoryLock lock = DirectoryLock.of(directory)) {
            try (TrackingStore store = new TrackingStore(store(directory))) {
                String title = experiment.name().orElseGet(() -> title(store.read()));
                requireDeclared(store.read(), title, experiment, declared);
                // What is declared is written first: a process that is killed while it checks leaves a directory that
                // can be resumed.
                write(file(directory), yaml);
                store.declare(title, yaml, experiment.runs());
                requireUsableServer(title, experiment.runs(), store.read());
                checkAll(declared, experiment.runs(), data);
                runAll(experiment.runs(), data, new RunSession(title, yaml, store, lock, directory, out, extras));
            }
        } finally {
            data.values().forEach(Dataset::close);
        }
    }

    /** Asks the tracking server before anything trains, unless nothing is left to run. */
    private void requireUsableServer(String title, List<ExperimentFile.Run> runs, TrackedRuns entered) {
        Set<String> finished = entered.all().stream()
                .filter(StoredRun::isFinished)
                .map(StoredRun::key)
                .collect(Collectors.toSet());
        if (runs.stream().anyMatch(run -> !finished.contains(run.spec().key()))) {
            extras.mlflow().ifPresent(server -> MlflowListener.requireUsable(server, extras.mlflowToken(), title));
        }
    }

    private void checkAll(Path declared, List<ExperimentFile.Run> runs, Map<String, Dataset> data) {
        out.printf(Locale.ROOT, "checking %d runs%n", runs.size());
        Set<Map<String, String>> rehearsed = new HashSet<>(); // seeds differ in nothing that could be impossible
        for (ExperimentFile.Run run : runs) {
            Dataset dataset = data.computeIfAbsent(run.spec().dataName(), name -> {
                out.println("  loading " + name);
                return load(declared, run);
            });
            boolean begun = Files.isDirectory(own(directory, run.spec().key()));
            boolean rehearse = !begun && rehearsed.add(run.group());
            if (rehearse) {
                out.println("  trying one client of " + run.name());
            }
            check(declared, run, dataset, rehearse);
        }
    }

    /** The name under which an experiment without one is entered: the first time its directory's. */
    private String title(TrackedRuns runs) {
        return runs.all().stream()
                .findFirst()
                .map(StoredRun::experiment)
                .orElse(String.valueOf(directory.toAbsolutePath().normalize().getFileName()));
    }

    private void requireDeclared(TrackedRuns runs, String title, ExperimentFile experiment, Path declared) {
        Set<String> keys =
                experiment.runs().stream().map(run -> run.spec().key()).collect(Collectors.toSet());
        for (StoredRun stored : runs.all()) {
            boolean known = stored.experiment().equals(title) && keys.contains(stored.key());
            if (!known && !stored.status().equals(TrackedRuns.WAITING)) {
                throw new IllegalArgumentException("directory must be new or this experiment's, but " + declared
                        + " does not declare what was run in " + directory + ": " + stored.experiment() + ", "
                        + stored.label() + ", seed " + stored.seed());
            }
        }
    }

    private void runAll(List<ExperimentFile.Run> runs, Map<String, Dataset> data, RunSession session) {
        List<String> failed = new ArrayList<>();
        for (int i = 0; i < runs.size(); i++) {
            ExperimentFile.Run run = runs.get(i);
            out.printf(Locale.ROOT, "run %d of %d: %s%n", i + 1, runs.size(), run.name());
            if (!session.finish(run, data.get(run.spec().dataName()))) {
                failed.add(run.name());
            }
        }
        if (!failed.isEmpty()) {
            throw new IllegalStateException(
                    failed.size() + " of " + runs.size() + " runs failed: " + String.join("; ", failed));
        }
    }

    private static Dataset load(Path declared, ExperimentFile.Run run) {
        try {
            return run.spec().load();
        } catch (RuntimeException e) {
            throw ExperimentFile.located(
                    declared,
                    new InvalidSettingException(
                            "source",
                            "data that can be read",
                            run.spec().dataName() + ": " + e.getMessage(),
                            List.of(),
                            e));
        }
    }

    private void check(Path declared, ExperimentFile.Run run, Dataset dataset, boolean rehearse) {
        try {
            Simulation simulation = run.spec().builder(dataset).build();
            if (rehearse) {
                simulation.rehearse();
            }
        } catch (IllegalArgumentException e) {
            throw ExperimentFile.located(declared, e);
        } catch (ClientFailedException e) {
            boolean skipped = run.spec()
                    .value("execution.onFailure")
                    .filter("skip"::equals)
                    .isPresent();
            if (!skipped && e.getCause() instanceof IllegalArgumentException impossible) {
                throw ExperimentFile.located(declared, impossible);
            }
            // the run will tell: it may not happen again
        } catch (IllegalStateException e) {
            out.println("  note: " + run.name() + " may fail: " + e.getMessage());
        }
    }

    /** Returns a builder of a run that goes on where it was broken off. */
    static SimulationBuilder resumable(ExperimentSpec spec, Dataset dataset, Path own) {
        return spec.builder(dataset, own)
                .checkpoints(own.resolve("checkpoints"), 1)
                .resume(true);
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file + ": " + Durable.reason(e), e);
        }
    }

    static void write(Path file, String text) {
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            Durable.write(file, text.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file + ": " + Durable.reason(e), e);
        }
    }
}
