package org.fl4j.examples.command;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.fl4j.experiments.ExperimentRunner;
import org.fl4j.experiments.TrackedRuns;
import org.fl4j.experiments.TrackedRuns.StoredRun;
import org.fl4j.experiments.TrackingStore;
import org.fl4j.internal.DirectoryLock;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands of declared experiments. */
final class ExperimentCommands {
    private ExperimentCommands() {}

    /** Runs a file. */
    @Command(
            name = "run",
            aliases = "sweep",
            mixinStandardHelpOptions = true,
            description =
                    "Runs an experiment that is declared in YAML: every combination of its sweep with every seed.")
    static final class Run implements Runnable {
        @Parameters(paramLabel = "FILE", description = "the experiment")
        private Path file;

        @Option(names = "--out", required = true, description = "directory of the runs and their store")
        private Path out;

        @Mixin
        private ExtraOptions extras;

        @Override
        public void run() {
            new ExperimentRunner(out, System.out, extras.extras()).run(file);
        }
    }

    /** Goes on. */
    @Command(
            name = "resume",
            mixinStandardHelpOptions = true,
            description = "Goes on with an experiment that was broken off.")
    static final class Resume implements Runnable {
        @Parameters(paramLabel = "DIR", description = "what run --out named")
        private Path directory;

        @Mixin
        private ExtraOptions extras;

        @Override
        public void run() {
            new ExperimentRunner(directory, System.out, extras.extras()).run(ExperimentRunner.file(directory));
        }
    }

    /** Lists runs. */
    @Command(name = "list", mixinStandardHelpOptions = true, description = "Lists the runs of an experiment.")
    static final class ListRuns implements Runnable {
        @Mixin
        private StoreDirectory directory;

        @Override
        public void run() {
            try (TrackingStore store = directory.open()) {
                System.out.printf(
                        Locale.ROOT,
                        "%-14s %-32s %6s %-14s %6s %9s  %s%n",
                        "run",
                        "what",
                        "seed",
                        "status",
                        "rounds",
                        "accuracy",
                        "model");
                TrackedRuns runs = store.read();
                boolean held = DirectoryLock.isHeld(directory.path());
                for (StoredRun run : runs.all()) {
                    System.out.printf(
                            Locale.ROOT,
                            "%-14s %-32s %6d %-14s %6d %9s  %s%n",
                            run.key(),
                            run.label(),
                            run.seed(),
                            held || !run.status().equals("running") ? run.status() : "broken off",
                            run.rounds(),
                            last(runs, run, "test/accuracy"),
                            run.stateSha256().map(hash -> hash.substring(0, 12)).orElse("-"));
                }
            }
        }
    }

    private static String last(TrackedRuns runs, StoredRun run, String metric) {
        return runs.last(run.id(), metric)
                .map(value -> String.format(Locale.ROOT, "%.4f", value))
                .orElse("-");
    }

    /** Watches runs from another process. */
    @Command(
            name = "watch",
            mixinStandardHelpOptions = true,
            description =
                    "Shows every second how far the runs of an experiment are, until all have ended; ends with 1 if"
                            + " nobody runs what is left.")
    static final class Watch implements Callable<Integer> {
        @Mixin
        private StoreDirectory directory;

        @Override
        public Integer call() throws InterruptedException {
            try (TrackingStore store = directory.open()) {
                while (true) {
                    boolean held = DirectoryLock.isHeld(directory.path());
                    List<StoredRun> all = store.read().all();
                    long left = all.stream().filter(run -> isLeft(run)).count();
                    System.out.printf(
                            Locale.ROOT,
                            "%d runs, %d ended, %d rounds%s%n",
                            all.size(),
                            all.size() - left,
                            all.stream().mapToInt(StoredRun::rounds).sum(),
                            all.stream()
                                    .filter(run -> run.status().equals("running"))
                                    .map(run -> String.format(
                                            Locale.ROOT,
                                            "; %s, seed %d: round %d, accuracy %s",
                                            run.label(),
                                            run.seed(),
                                            run.rounds(),
                                            last(store.read(), run, "test/accuracy")))
                                    .collect(Collectors.joining()));
                    if (left == 0) {
                        return CommandLine.ExitCode.OK;
                    }
                    if (!held) {
                        System.out.println("broken off; resume with: resume " + directory.path());
                        return CommandLine.ExitCode.SOFTWARE;
                    }
                    Thread.sleep(1000);
                }
            }
        }

        private static boolean isLeft(StoredRun run) {
            return run.status().equals("running") || run.status().equals("waiting");
        }
    }
}
