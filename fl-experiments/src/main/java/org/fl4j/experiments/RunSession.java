package org.fl4j.experiments;

import java.io.PrintStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.fl4j.data.Dataset;
import org.fl4j.data.PartitionReport;
import org.fl4j.experiments.TrackedRuns.StoredRun;
import org.fl4j.experiments.tracking.MlflowListener;
import org.fl4j.experiments.tracking.TensorBoardListener;
import org.fl4j.internal.DirectoryLock;
import org.fl4j.simulation.JsonLinesListener;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.simulation.TaskJsonLines;
import org.fl4j.simulation.TaskLog;

/**
 * What the runs of an experiment share while they are run.
 *
 * @param title the experiment's name
 * @param yaml the experiment as it was declared
 * @param store where runs are entered
 * @param lock of the directory
 * @param directory of the experiment
 * @param out where progress is printed
 * @param extras what is done beside running
 */
record RunSession(
        String title,
        String yaml,
        TrackingStore store,
        DirectoryLock lock,
        Path directory,
        PrintStream out,
        RunnerOptions extras) {
    /** Returns false if the run failed. */
    boolean finish(ExperimentFile.Run run, Dataset dataset) {
        List<StoredRun> finished = store.read().all().stream()
                .filter(stored -> stored.experiment().equals(title) && stored.isFinished())
                .toList();
        Optional<StoredRun> before = finished.stream()
                .filter(stored -> stored.key().equals(run.spec().key()))
                .findFirst();
        if (before.isPresent()) {
            out.println("  finished before: " + before.get().stateSha256().orElse("-"));
            return true;
        }
        Path own = ExperimentRunner.own(directory, run.spec().key());
        int id = store.begin(title, yaml, run, Versions.here());
        RunTracker tracker = new RunTracker(store, id, own, lock);
        try {
            Optional<String> model = one(run, dataset, tracker);
            if (model.isEmpty()) {
                out.println("  failed: no update was accepted in any round, so nothing was learned");
                return false;
            }
            noteTwin(run, id, model, finished);
            return true;
        } catch (RuntimeException | Error e) {
            tracker.failed(e);
            if (e instanceof Error error) {
                throw error;
            }
            out.println("  failed: " + e.getMessage());
            return false;
        }
    }

    /** Says if a run of the same seed came to the same model, and to the same of what clients measured. */
    private void noteTwin(ExperimentFile.Run run, int id, Optional<String> hash, List<StoredRun> finished) {
        TrackedRuns runs = store.read();
        Map<String, Double> measured = ofClients(runs, id);
        finished.stream()
                .filter(other -> other.seed() == run.spec().seed()
                        && other.stateSha256().equals(hash)
                        && ofClients(runs, other.id()).equals(measured))
                .findFirst()
                .ifPresent(twin -> out.println("  note: the model is that of " + twin.label()
                        + ": what they differ in had no effect"
                        + (measured.isEmpty() ? " on it" : ", also on what clients measured")));
    }

    /** Returns the last values of what clients measured of models, which may be their own. */
    private static Map<String, Double> ofClients(TrackedRuns runs, int id) {
        Map<String, Double> values = new TreeMap<>();
        for (String name : runs.metricNames(id)) {
            if (name.startsWith("client/") || name.startsWith("held-out/")) {
                runs.last(id, name).ifPresent(value -> values.put(name, value));
            }
        }
        return values;
    }

    /** Returns the model's hash, or nothing if the run learned nothing. */
    private Optional<String> one(ExperimentFile.Run run, Dataset dataset, RunTracker tracker) {
        Path own = ExperimentRunner.own(directory, run.spec().key());
        PartitionReport partition = PartitionReport.of(
                run.spec().partition(dataset), dataset.train().classIndices());
        ExperimentRunner.write(own.resolve("partition.csv"), partition.toCsv());
        SimulationBuilder builder = ExperimentRunner.resumable(run.spec(), dataset, own)
                .hashUpdates(true)
                .listener(new JsonLinesListener(own.resolve("rounds.jsonl")))
                .listener(new TaskJsonLines(own.resolve("tasks.jsonl")))
                .listener(new TaskLog(own.resolve("tasks.log")));
        Path events = directory.resolve("tensorboard");
        if (extras.tensorBoard() || Files.isDirectory(events)) { // or it was begun so
            builder.listener(new TensorBoardListener(
                    events.resolve(MetricsExport.folder(run.label(), run.spec().seed()))));
        }
        if (extras.mlflow().isEmpty() && Files.exists(mlflowId(own))) {
            out.println("  note: this run was begun with --mlflow, and goes on without");
        }
        try (RunProgress progress = new RunProgress(run.label());
                MlflowListener mlflow =
                        extras.mlflow().map(server -> mlflow(server, run, own)).orElse(null)) {
            if (extras.progress()) {
                builder.listener(progress);
            }
            if (mlflow != null) {
                builder.listener(mlflow);
            }
            builder.listener(tracker); // last: what it enters as finished is so for all
            try (RunResult result = builder.build().run()) {
                print(result);
                return result.end() == RunResult.End.NO_UPDATES ? Optional.empty() : Optional.of(result.stateSha256());
            }
        }
    }

    private void print(RunResult result) {
        out.printf(
                Locale.ROOT,
                "  %s after %d rounds: accuracy %s, %s%n",
                result.end().name().toLowerCase(Locale.ROOT),
                result.history().size(),
                result.finalMetrics().find("test/accuracy").stream()
                        .mapToObj(accuracy -> String.format(Locale.ROOT, "%.4f", accuracy))
                        .findAny()
                        .orElse("-"),
                result.stateSha256());
    }

    private static Path mlflowId(Path own) {
        return own.resolve("mlflow-run");
    }

    private MlflowListener mlflow(URI server, ExperimentFile.Run run, Path own) {
        return new MlflowListener(
                server, extras.mlflowToken(), title, run.name(), run.spec().settings(), mlflowId(own));
    }
}
