package org.fl4j.simulation;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.function.Supplier;
import org.fl4j.client.Worker;
import org.fl4j.core.ClientId;
import org.fl4j.core.ModelUpdate;
import org.fl4j.core.Server;
import org.fl4j.core.ServerState;
import org.fl4j.core.UpdateStore;
import org.fl4j.execution.TaskRecord;
import org.fl4j.execution.TaskTimedOutException;
import org.fl4j.internal.Check;
import org.fl4j.metrics.Metrics;
import org.fl4j.model.FederatedModel;
import org.fl4j.model.LocalModel;
import org.fl4j.monitoring.ResourceMonitor;
import org.fl4j.server.ComposedServer;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.TensorEngine;

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
        EvaluationPlan plan = new EvaluationPlan(setup.evaluateEvery, setup.evaluateClientsEvery, setup.rounds);
        return compute(setup.clientStateStore(), setup.updateStore, plan, run -> {
            Checkpoint from = resumed(run.model(), run.states()).orElseGet(() -> initial(run.server(), run.states()));
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
        EvaluationPlan none = new EvaluationPlan(Integer.MAX_VALUE, OptionalInt.empty(), Integer.MAX_VALUE);
        return compute(clientStates, UpdateStore.inMemory(), none, run -> {
            try (NDManager states = run.states()) {
                ServerState state = file.map(
                                from -> Checkpoint.load(from, run.model().layout(), identity(), states.newSubManager()))
                        .orElseGet(() -> initial(run.server(), states))
                        .state();
                while (state.round() < round - 1) {
                    state = next(run, state).state();
                }
                try (NDScope scope = new NDScope()) {
                    scope.suppressNotUsedWarning();
                    return run.round().replay(state, client);
                }
            }
        });
    }

    /** What a run holds while it computes. */
    private record Computation(
            FederatedModel model,
            NDManager states,
            ClientStateStore clientStates,
            Server server,
            FederatedRound round,
            ClientExecutor executor,
            Optional<ResourceMonitor> monitor) {}

    private <T> T compute(
            ClientStateStore clientStates, UpdateStore updates, EvaluationPlan plan, Function<Computation, T> body) {
        NDManager states = TensorEngine.newManager(setup.devices.first());
        try (TensorEngine.CallingThread thread = TensorEngine.prepareCallingThread();
                clientStates;
                FederatedModel model = new FederatedModel(setup.task);
                ComposedServer composed = server(model, states);
                ResourceMonitor monitor = setup.monitoring.map(Supplier::get).orElse(null);
                ClientExecutor executor = new ClientExecutor(
                        workers(model, clientStates),
                        setup.execution,
                        setup.failurePolicy,
                        Optional.ofNullable(monitor),
                        () -> cancelled)) {
            thread.suppressNotUsedWarning();
            Server server = setup.server.decorate(
                    composed,
                    new RunParts(clientStates, setup.updates, setup.selector, Optional.ofNullable(setup.training)));
            FederatedRound round = new FederatedRound(
                    server,
                    setup.data.clients(),
                    setup.clientFactory(),
                    setup.uploadTransform,
                    executor,
                    plan,
                    setup.updates.bufferSize(),
                    updates,
                    (number, accepted) -> clientStates.commit(number, accepted, resumable(number)),
                    setup.hashUpdates,
                    setup.seed);
            return body.apply(new Computation(
                    model, states, clientStates, server, round, executor, Optional.ofNullable(monitor)));
        } catch (RuntimeException | Error e) {
            states.close();
            throw e;
        }
    }

    /**
     * Ends the run from another thread, or from a listener, at the next client; the run returns its last whole round. A
     * cancelled simulation stays cancelled.
     */
    public void cancel() {
        cancelled = true;
    }

    /** Runs a round, and frees the state before it. */
    private static FederatedRound.Outcome next(Computation run, ServerState state) {
        NDManager next = run.states().newSubManager();
        FederatedRound.Outcome outcome;
        Optional<ResourceMonitor.Window> window = run.monitor().map(looks -> looks.open(state.round() + 1));
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            outcome = run.round().run(state);
            outcome.state().keep(next);
        }
        state.model().floats().getManager().close();
        Metrics used = window.map(ResourceMonitor.Window::close).orElse(Metrics.none());
        return new FederatedRound.Outcome(outcome.state(), outcome.report().withMetrics(used));
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
                outcome = next(run, state);
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

    /** The oldest round that a resume may start from once this round has ended. */
    private int resumable(int round) {
        return setup.checkpoints.map(Checkpoint::oldest).orElse(round);
    }

    private RunIdentity identity() {
        return RunIdentity.of(setup.seed, setup.data.clients());
    }

    private static Checkpoint initial(Server server, NDManager states) {
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            return new Checkpoint(server.initialState().keep(states.newSubManager()), List.of());
        }
    }

    private Optional<Checkpoint> resumed(FederatedModel model, NDManager states) {
        Optional<Path> latest = setup.checkpoints.flatMap(Checkpoint::latest);
        if (latest.isPresent() && !setup.resume) {
            throw new CheckpointException(
                    latest.get(), "it is of an earlier run. Maybe resume it, or choose another directory.");
        }
        Optional<Checkpoint> found =
                latest.map(file -> Checkpoint.load(file, model.layout(), identity(), states.newSubManager()));
        found.filter(checkpoint -> checkpoint.state().round() > setup.rounds).ifPresent(checkpoint -> {
            throw new CheckpointException(
                    latest.orElseThrow(),
                    "rounds must be at least its round, " + checkpoint.state().round() + ", but was " + setup.rounds);
        });
        return found;
    }

    private ComposedServer server(FederatedModel model, NDManager states) {
        return new ComposedServer(
                initialModel(model, states),
                setup.selector,
                setup.cohortSize,
                setup.aggregator,
                setup.serverOptimizer,
                setup.updates,
                setup.maxStaleness,
                new LocalModel(model, setup.devices.first()),
                Optional.ofNullable(setup.testData));
    }

    private Supplier<ParameterVector> initialModel(FederatedModel model, NDManager states) {
        return () -> {
            ParameterVector drawn = model.initial(setup.seed.derive("initial model"), states);
            setup.initialModel.ifPresent(given -> {
                model.layout().differenceFrom(given.layout()).ifPresent(difference -> {
                    throw new IllegalArgumentException("initialModel must fit the task: " + difference);
                });
                drawn.setInPlace(given);
            });
            return drawn;
        };
    }

    private List<Worker> workers(FederatedModel model, ClientStateStore clientStates) {
        List<Worker> workers = new ArrayList<>();
        for (int i = 0; i < setup.workers; i++) {
            workers.add(new Worker(
                    model,
                    setup.data,
                    Optional.ofNullable(setup.clientEvaluationData).orElse(setup.data),
                    clientStates,
                    setup.devices.forWorker(i)));
        }
        return workers;
    }
}
