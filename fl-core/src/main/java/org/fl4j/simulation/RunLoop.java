package org.fl4j.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.fl4j.execution.TaskRecord;
import org.fl4j.message.ServerState;
import org.fl4j.monitoring.ResourceMonitor;

/**
 * The rounds of one run, one after another. Whatever ends them, a listener, a stop rule or a full heap, the newest
 * finished state is saved before it leaves.
 */
final class RunLoop {
    private final RunConfig setup;
    private final OpenRun run;
    private final Optional<RunFiles> files;
    private final BooleanSupplier cancelled;
    private final Runnable interrupted;
    private final List<RoundReport> history;
    private ServerState state;
    private boolean saved = true; // the state is a checkpoint's, or the initial one
    private boolean toldAll; // of the newest round
    private boolean stopped;

    /**
     * Starts from a checkpoint, or from the initial state.
     *
     * @param interrupted called when a listener has interrupted its thread
     */
    RunLoop(
            RunConfig setup,
            OpenRun run,
            Optional<RunFiles> files,
            Checkpoint from,
            boolean toldAll,
            BooleanSupplier cancelled,
            Runnable interrupted) {
        this.setup = setup;
        this.run = run;
        this.files = files;
        this.cancelled = cancelled;
        this.interrupted = interrupted;
        history = new ArrayList<>(from.history());
        state = from.state();
        this.toldAll = toldAll;
    }

    /** Runs the rounds that are left, and returns why they ended. */
    RunResult.End run() {
        try {
            start();
            while (state.round() < setup.rounds && !stopped && !cancelled.getAsBoolean()) {
                if (!advance()) {
                    break;
                }
            }
        } catch (Throwable e) { // whatever it is: a finished round must not be lost
            throw afterSaving(e);
        }
        saveUnlessSaved();
        return end();
    }

    List<RoundReport> history() {
        return history;
    }

    ServerState state() {
        return state;
    }

    private void start() {
        int known = toldAll ? state.round() : state.round() - 1;
        tell(listener -> listener.runStarted(known, setup.rounds));
        if (!toldAll) { // a listener threw before all had heard of the last round
            tellOfTheNewestRound();
        }
        stopped = !history.isEmpty() && setup.stopRule.shouldStop(history);
    }

    /** Runs a round; returns false if it was cancelled on the way. */
    private boolean advance() {
        try {
            FederatedRound.Outcome outcome = run.next(state);
            state = outcome.state();
            history.add(outcome.report());
            saved = false;
            toldAll = false;
        } catch (RunCancelledException e) {
            tellOfTasks();
            return false;
        } catch (RuntimeException | Error e) {
            tellOfTasks(e);
            throw e;
        }
        tellOfTasks();
        // A record comes before the checkpoint: a round that was checkpointed is not run again, so its record must be
        // there already.
        tellOfTheNewestRound();
        stopped = setup.stopRule.shouldStop(history);
        run.monitor().ifPresent(ResourceMonitor::requireSound);
        files.ifPresent(RunFiles::requireThere);
        if (state.round() % setup.checkpointEvery == 0) {
            saveUnlessSaved();
        }
        return true;
    }

    private void tellOfTheNewestRound() {
        RoundReport report = history.get(history.size() - 1);
        tell(listener -> listener.roundEnded(report, state));
        toldAll = true;
    }

    private void tellOfTasks() {
        List<TaskRecord> tasks = run.executor().newRecords();
        tell(listener -> listener.tasksEnded(tasks));
    }

    private void tellOfTasks(Throwable failure) {
        try {
            tellOfTasks();
        } catch (RuntimeException | Error second) {
            suppress(second, failure);
        }
    }

    /** A listener that interrupts its thread cancels the run; the mark would break off what is written next. */
    private void tell(Consumer<RunListener> news) {
        try {
            setup.listeners.forEach(news);
        } finally {
            if (Thread.interrupted()) {
                interrupted.run();
            }
        }
    }

    private RuntimeException afterSaving(Throwable failure) {
        Throwable cause = Failures.unwrapped(failure);
        try {
            saveUnlessSaved();
        } catch (RuntimeException | Error second) {
            suppress(second, cause);
        }
        if (cause instanceof Error error) {
            return new RunFailedException(state.round() + (toldAll || saved ? 1 : 0), error);
        }
        return cause instanceof RuntimeException known ? known : new IllegalStateException(cause);
    }

    private static void suppress(Throwable second, Throwable first) {
        if (second != first) { // the virtual machine may throw one and the same error twice
            first.addSuppressed(second);
        }
    }

    private void saveUnlessSaved() {
        if (!saved) {
            files.ifPresent(directory -> directory.save(state, history, toldAll));
            saved = true;
        }
    }

    private RunResult.End end() {
        if (state.round() < setup.rounds) {
            return stopped ? RunResult.End.STOPPED_EARLY : RunResult.End.CANCELLED;
        }
        boolean learned = history.stream().anyMatch(report -> !report.clients().isEmpty());
        return learned ? RunResult.End.COMPLETED : RunResult.End.NO_UPDATES;
    }
}
