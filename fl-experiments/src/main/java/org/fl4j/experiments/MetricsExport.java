package org.fl4j.experiments;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.fl4j.experiments.TrackedRuns.StoredRun;
import org.fl4j.experiments.tracking.TensorBoardListener;
import org.fl4j.internal.Csv;
import org.fl4j.internal.FileNames;
import org.fl4j.simulation.JsonLinesListener;
import org.fl4j.simulation.RoundReport;

/** Metrics of tracked runs for other tools. */
public final class MetricsExport {
    private MetricsExport() {}

    /** Writes one line for each run, round and metric. */
    public static void csv(TrackedRuns runs, Path file) {
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            try (BufferedWriter out = Files.newBufferedWriter(file)) {
                out.write("experiment,run,label,seed,round,metric,value\n");
                for (StoredRun run : runs.all()) {
                    for (String metric : runs.metricNames(run.id())) {
                        for (Map.Entry<Integer, Double> value :
                                runs.metric(run.id(), metric).entrySet()) {
                            out.write(Csv.line(List.of(
                                            run.experiment(),
                                            run.key(),
                                            run.label(),
                                            String.valueOf(run.seed()),
                                            String.valueOf(value.getKey()),
                                            metric,
                                            String.valueOf(value.getValue())))
                                    + "\n");
                        }
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file + ": " + e.getMessage(), e);
        }
    }

    /** Writes an event file of each run into a directory of its own, from what the run wrote of its rounds. */
    public static void tensorBoard(TrackedRuns runs, Path experiment, Path target) {
        for (StoredRun run : runs.all()) {
            Path rounds = ExperimentRunner.own(experiment, run.key()).resolve("rounds.jsonl");
            List<RoundReport> reports = Files.exists(rounds) ? JsonLinesListener.read(rounds) : List.of();
            TensorBoardListener listener = new TensorBoardListener(target.resolve(folder(run.label(), run.seed())));
            listener.runStarted(0, reports.size());
            reports.forEach(listener::add);
        }
    }

    /**
     * Returns what a run's directory of event files is called, which TensorBoard shows; one for each label and seed.
     */
    static String folder(String label, long seed) {
        return FileNames.of(label) + "_seed" + seed;
    }
}
