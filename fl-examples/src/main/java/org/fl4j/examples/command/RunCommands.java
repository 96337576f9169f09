package org.fl4j.examples.command;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.fl4j.execution.BottleneckReport;
import org.fl4j.execution.TaskRecord;
import org.fl4j.experiments.ExperimentRunner;
import org.fl4j.experiments.MetricsExport;
import org.fl4j.experiments.Replay;
import org.fl4j.experiments.TrackedRuns;
import org.fl4j.experiments.TrackedRuns.StoredRun;
import org.fl4j.experiments.TrackingStore;
import org.fl4j.experiments.report.ComparisonReport;
import org.fl4j.experiments.report.RunReport;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The commands that look at runs that were tracked. */
final class RunCommands {
    private RunCommands() {}

    /** Writes reports. */
    @Command(
            name = "report",
            mixinStandardHelpOptions = true,
            description = "Writes one HTML file that compares all runs, report.html, and one about each run,"
                    + " runs/RUN/report.html; they need no network.")
    static final class Report implements Runnable {
        @Mixin
        private StoreDirectory directory;

        @Option(
                names = "--to",
                paramLabel = "DIR",
                description = "directory to write to, if not the experiment's own, which may be read-only")
        private Path target;

        @Override
        public void run() {
            Path to = target == null ? directory.path() : target;
            Path comparison = to.resolve("report.html");
            try (TrackingStore store = directory.open()) {
                TrackedRuns runs = store.read();
                ComparisonReport.write(runs, this::partition, comparison);
                System.out.println(comparison);
                for (StoredRun run : runs.all()) {
                    Path file = ExperimentRunner.own(to, run.key()).resolve("report.html");
                    RunReport.write(runs, run, partition(run), file);
                    System.out.println(file);
                }
            }
        }

        private Path partition(StoredRun run) {
            return ExperimentRunner.own(directory.path(), run.key()).resolve("partition.csv");
        }
    }

    /** Says where the time went. */
    @Command(
            name = "bottlenecks",
            mixinStandardHelpOptions = true,
            description = "Says where the time of a run's tasks went: running, queued, utilisation, the slowest, the"
                    + " critical path.")
    static final class Bottlenecks implements Runnable {
        @Mixin
        private RunArgument run;

        @Option(names = "--slowest", defaultValue = "5", description = "how many to name (default: ${DEFAULT-VALUE})")
        private int slowest;

        @Override
        public void run() {
            try (TrackingStore store = run.directory().open()) {
                TrackedRuns runs = store.read();
                int id = runs.one(run.key()).id();
                int from = runs.lastSession(id);
                List<TaskRecord> tasks = runs.tasks(id).stream()
                        .filter(task -> task.id().round() >= from)
                        .toList();
                if (from > 1) {
                    System.out.println("since the run was gone on with, round " + from);
                }
                int threads = (int) tasks.stream()
                        .filter(task -> task.attempts() > 0)
                        .map(TaskRecord::thread)
                        .distinct()
                        .count();
                System.out.print(BottleneckReport.of(tasks, Math.max(1, threads), slowest));
            }
        }
    }

    /** Runs one update again. */
    @Command(
            name = "replay",
            mixinStandardHelpOptions = true,
            description = "Runs one client's update of one round again and compares its hash with the recorded one;"
                    + " ends with 1 if they differ.")
    static final class ReplayOne implements Callable<Integer> {
        @Mixin
        private RunArgument run;

        @Option(names = "--round", required = true, description = "numbered from 1")
        private int round;

        @Option(names = "--client", required = true, description = "the client's index")
        private int client;

        @Override
        public Integer call() {
            run.directory().open().close(); // says if there is none
            Replay replay = Replay.of(run.directory().path(), run.key(), round, new ClientId(client));
            System.out.println("recorded  " + replay.recorded());
            System.out.println("replayed  " + replay.replayed());
            System.out.println(replay.isSame() ? "the same" : "different");
            return replay.isSame() ? 0 : 1;
        }
    }

    /** Exports metrics. */
    @Command(
            name = "export",
            mixinStandardHelpOptions = true,
            description = "Writes the metrics of all runs for other tools.")
    static final class Export implements Runnable {
        @Mixin
        private StoreDirectory directory;

        @Option(names = "--csv", description = "a file of one line for each run, round and metric")
        private Path csv;

        @Option(names = "--tensorboard", description = "a directory of event files")
        private Path tensorBoard;

        @Override
        public void run() {
            Check.that(csv != null || tensorBoard != null, "export", "to --csv or --tensorboard", "to neither");
            try (TrackingStore store = directory.open()) {
                if (csv != null) {
                    MetricsExport.csv(store.read(), csv);
                    System.out.println(csv);
                }
                if (tensorBoard != null) {
                    MetricsExport.tensorBoard(store.read(), directory.path(), tensorBoard);
                    System.out.println(tensorBoard);
                }
            }
        }
    }
}
