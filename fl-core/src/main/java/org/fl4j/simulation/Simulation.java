package org.fl4j.simulation;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.fl4j.core.ClientId;
import org.fl4j.core.ModelUpdate;
import org.fl4j.core.ServerState;
import org.fl4j.execution.TaskRecord;
import org.fl4j.execution.TaskTimedOutException;
import org.fl4j.internal.Check;
import org.fl4j.monitoring.ResourceMonitor;

/**
 * A federated experiment on this machine: rounds folded into a run. Build it once, run it as often as you like; the same
 * configuration and seed give the bit-identical model for any number of workers, on one kind of device. Any number of
 * simulations may run in one process.
 */
public final class Simulation {
    private final SimulationBuilder setup;
    private volatile boolean cancelled;

    Simulation(SimulationBuilder setup) {
        this.setup = setup;
    }

    /** Returns a new builder. */
    public static SimulationBuilder builder() {
        return new SimulationBuilder();
    }

    /**
     * Runs all rounds that are left and returns the result, which the caller closes.
     *
     * @throws ClientFailedException if a client throws and the policy is to fail
     * @throws CheckpointException if a checkpoint cannot be written, or the one to resume from cannot be used
     */
    public RunResult run() {
        long start = System.nanoTime();
        EvaluationPlan plan = new EvaluationPlan(
                setup.evaluateEvery, setup.evaluateClientsEvery, setup.evaluatingClients(), setup.rounds);
        Computation.Scope scope = new Computation.Scope(setup.clientStateStore(), setup.updateStore, plan);
        return Computation.of(setup, scope, () -> cancelled, run -> {
            Checkpoint from = resumed(run).orElseGet(() -> new Checkpoint(run.initial(), List.of()));
            if (!setup.resume) {
                run.clientStates().requireEmpty();
            }
            run.clientStates().restore(from.state().round());
            return fold(run, from, start);
        });
    }

    /**
     * Runs one client of one round again and returns the hash of its update ({@link ModelUpdate#sha256}), to be compared with what a run
     * with {@linkplain SimulationBuilder#hashUpdates hashes} recorded. The rounds before it are run again too, from the latest checkpoint
     * that is early enough if this simulation resumes, or else from the start. Listeners are not told and no file is written. Where noise is not
     * {@linkplain SimulationBuilder#seed seeded}, or training adapts to what this machine does now, another update is to be expected.
     *
     * @throws IllegalArgumentException if the client did not train in that round
     */
    public String replay(int round, ClientId client) {
        Check.inRange("round", 1, setup.rounds, round);
        Check.present("client", client);
        Optional<Path> file = setup.checkpoints
                .filter(directory -> setup.resume)
                .flatMap(directory -> Checkpoint.latest(directory, round - 1));
        InMemoryClientStates clientStates = file.flatMap(any -> setup.clientStateDirectory())
                .map(DiskClientStates::new)
                .map(disk -> new InMemoryClientStates(
                        (id, target) -> disk.load(id, Checkpoint.round(file.orElseThrow()), target)))
                .orElseGet(InMemoryClientStates::new);
        return Computation.of(setup, Computation.Scope.inMemory(clientStates), () -> cancelled, run -> {
            try (NDManager states = run.states()) {
                ServerState state = file.map(
                                from -> Checkpoint.load(from, run.model().layout(), identity(), states.newSubManager())
                                        .state())
                        .orElseGet(run::initial);
                while (state.round() < round - 1) {
                    state = run.next(state).state();
                }
                try (NDScope scope = new NDScope()) {
                    scope.suppressNotUsedWarning();
                    return run.round().replay(state, client);
                }
            }
        });
    }

    /**
     * Runs the first client of the first round and throws its update away: what is impossible about a configuration and shows only when a client trains or
     * sends, such as attachments under local differential privacy, shows here. Listeners are not told and no file is written.
     *
     * @return who it was; nobody if the first round has no client
     * @throws ClientFailedException if the client throws
     */
    public Optional<ClientId> rehearse() {
        SimulationBuilder strict = setup.clone();
        strict.failurePolicy = FailurePolicy.FAIL_RUN;
        Computation.Scope inMemory = Computation.Scope.inMemory(new InMemoryClientStates());
        return Computation.of(strict, inMemory, () -> cancelled, run -> {
            try (NDScope scope = new NDScope()) {
                scope.suppressNotUsedWarning();
                return run.round().rehearse(run.initial());
            } finally {
                run.states().close();
            }
        });
    }

    /**
     * Ends the run from another thread, or from a listener, at the next client; the run returns its last whole round. A
     * cancelled simulation stays cancelled.
     */
    public void cancel() {
        cancelled = true;
    }

    private RunResult fold(Computation run, Checkpoint from, long start) {
        List<RoundReport> history = new ArrayList<>(from.history());
        ServerState state = from.state();
        int first = state.round();
        setup.listeners.forEach(listener -> listener.runStarted(first, setup.rounds));
        boolean stop = !history.isEmpty() && setup.stopRule.shouldStop(history);
        boolean interrupted = false;
        boolean saved = true; // the state is a checkpoint's, or the initial one
        while (state.round() < setup.rounds && !stop && !cancelled && !interrupted) {
            FederatedRound.Outcome outcome;
            try {
                outcome = run.next(state);
            } catch (RuntimeException e) {
                interrupted = Thread.interrupted(); // what follows writes files, which an interrupt would break off
                if (isCancellation(e)) {
                    tellTasks(run);
                    break;
                }
                try {
                    tellTasks(run);
                    save(state, history, !saved);
                } catch (RuntimeException second) {
                    e.addSuppressed(second);
                }
                throw e;
            }
            interrupted = Thread.interrupted();
            tellTasks(run);
            state = outcome.state();
            history.add(outcome.report());
            stop = setup.stopRule.shouldStop(history);
            saved = record(state, history);
            try {
                run.monitor().ifPresent(ResourceMonitor::requireSound);
            } catch (IllegalStateException e) {
                save(state, history, !saved);
                throw e;
            }
        }
        save(state, history, !saved);
        RunResult.End end = RunResult.End.COMPLETED;
        if (state.round() < setup.rounds) {
            end = stop ? RunResult.End.STOPPED_EARLY : RunResult.End.CANCELLED;
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        RunResult result = new RunResult(state, history, end, state.model().sha256(), seconds, run.states());
        setup.listeners.forEach(listener -> listener.runEnded(result));
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return result;
    }

    private void tellTasks(Computation run) {
        List<TaskRecord> tasks = run.executor().newRecords();
        setup.listeners.forEach(listener -> listener.tasksEnded(tasks));
    }

    private static boolean isCancellation(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof TaskTimedOutException) {
                return false; // its thread was interrupted, not the run's
            }
            if (cause instanceof RunCancelledException || cause instanceof ClosedByInterruptException) {
                return true; // the latter: a client or the server was writing a file when the thread was interrupted
            }
        }
        return false;
    }

    /**
     * Tells listeners, and saves if it is due; returns whether it was. Listeners come first: a round that was checkpointed is
     * not run again, so its record must be there already.
     */
    private boolean record(ServerState state, List<RoundReport> history) {
        RoundReport report = history.get(history.size() - 1);
        setup.listeners.forEach(listener -> listener.roundEnded(report, state));
        boolean due = state.round() % setup.checkpointEvery == 0;
        save(state, history, due);
        return due;
    }

    private void save(ServerState state, List<RoundReport> history, boolean due) {
        setup.checkpoints.filter(directory -> due).ifPresent(directory -> {
            Checkpoint.save(directory, state, history, identity());
            Checkpoint.prune(directory);
        });
    }

    private RunIdentity identity() {
        return RunIdentity.of(setup.seed, setup.data.clients());
    }

    private Optional<Checkpoint> resumed(Computation run) {
        Optional<Path> latest = setup.checkpoints.flatMap(Checkpoint::latest);
        if (latest.isPresent() && !setup.resume) {
            throw new CheckpointException(
                    latest.get(), "it is of an earlier run. Maybe resume it, or choose another directory.");
        }
        Optional<Checkpoint> found = latest.map(file -> Checkpoint.load(
                file, run.model().layout(), identity(), run.states().newSubManager()));
        found.filter(checkpoint -> checkpoint.state().round() > setup.rounds).ifPresent(checkpoint -> {
            throw new CheckpointException(
                    latest.orElseThrow(),
                    "rounds must be at least its round, " + checkpoint.state().round() + ", but was " + setup.rounds);
        });
        return found;
    }
}
