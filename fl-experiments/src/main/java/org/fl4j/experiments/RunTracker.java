package org.fl4j.experiments;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.fl4j.execution.TaskRecord;
import org.fl4j.internal.DirectoryLock;
import org.fl4j.message.ServerState;
import org.fl4j.simulation.JsonLinesListener;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunListener;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.TaskJsonLines;

/** Enters a run's rounds into the store, each with its tasks, and how it ended. */
final class RunTracker implements RunListener {
    private final TrackingStore store;
    private final int run;
    private final Path own;
    private final DirectoryLock lock;
    private List<TaskRecord> tasks = List.of(); // of the round that goes on

    /** Names the run's entry, the directory of its own files, and the lock of the experiment's. */
    RunTracker(TrackingStore store, int run, Path own, DirectoryLock lock) {
        this.lock = lock;
        this.store = store;
        this.run = run;
        this.own = own;
    }

    @Override
    public void runStarted(int completedRounds, int totalRounds) {
        store.keepUpTo(run, completedRounds);
        if (store.read().costs(run).size() < completedRounds) {
            enterAgain(completedRounds);
        }
        int there = store.read().costs(run).size();
        if (there < completedRounds) {
            throw new IllegalStateException("store must have the " + completedRounds
                    + " rounds that the checkpoint has behind it, but has " + there);
        }
    }

    /** Takes rounds that the store has lost, with its file or by a power failure, from the run's own lines. */
    private void enterAgain(int completedRounds) {
        Path rounds = own.resolve("rounds.jsonl");
        Path lines = own.resolve("tasks.jsonl");
        if (!Files.exists(rounds) || !Files.exists(lines)) {
            return;
        }
        Map<Integer, List<TaskRecord>> byRound = TaskJsonLines.read(lines).stream()
                .collect(Collectors.groupingBy(task -> task.id().round()));
        JsonLinesListener.read(rounds).stream()
                .filter(report -> report.round() <= completedRounds)
                .forEach(report -> store.add(run, report, byRound.getOrDefault(report.round(), List.of())));
    }

    @Override
    public void tasksEnded(List<TaskRecord> ended) {
        tasks = ended;
    }

    @Override
    public void roundEnded(RoundReport report, ServerState state) {
        lock.requireThere(); // a removed store's file can still be written to, but nobody will find it
        store.add(run, report, tasks);
        tasks = List.of();
    }

    @Override
    public void runEnded(RunResult result) {
        store.end(run, result);
    }

    void failed(Throwable cause) {
        store.fail(run, cause.toString(), tasks);
    }
}
