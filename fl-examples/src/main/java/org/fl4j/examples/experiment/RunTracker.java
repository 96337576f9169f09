package org.fl4j.examples.experiment;

import java.util.List;
import org.fl4j.core.ServerState;
import org.fl4j.execution.TaskRecord;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunListener;
import org.fl4j.simulation.RunResult;

/** Enters a run's rounds into the store, each with its tasks, and how it ended. */
final class RunTracker implements RunListener {
    private final TrackingStore store;
    private final int run;
    private List<TaskRecord> tasks = List.of(); // of the round that goes on

    RunTracker(TrackingStore store, int run) {
        this.store = store;
        this.run = run;
    }

    @Override
    public void runStarted(int completedRounds, int totalRounds) {
        store.keepUpTo(run, completedRounds);
    }

    @Override
    public void tasksEnded(List<TaskRecord> ended) {
        tasks = ended;
    }

    @Override
    public void roundEnded(RoundReport report, ServerState state) {
        store.add(run, report, tasks);
        tasks = List.of();
    }

    @Override
    public void runEnded(RunResult result) {
        store.end(run, result);
    }

    void failed(RuntimeException cause) {
        store.fail(run, cause.toString(), tasks);
    }
}
