package org.fl4j.simulation;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.ServerState;
import org.fl4j.metrics.Metrics;

/**
 * A federated experiment on this machine: rounds folded into a run. Build it once, run it as often as you like; the
 * same configuration and seed give the bit-identical model for any number of workers, on one kind of device. Any number
 * of simulations may run in one process.
 */
public final class Simulation {
    private final RunConfig setup;
    private volatile boolean cancelled;

    Simulation(RunConfig setup) {
        this.setup = setup;
    }

    /** Returns a new builder. */
    public static SimulationBuilder builder() {
        return new SimulationBuilder();
    }

    /**
     * Runs all rounds that are left and returns the result, which the caller closes. Rounds are computed on a thread of
     * the run; an interrupt of the caller cancels it.
     *
     * @throws ClientFailedException if a client throws and the policy is to fail
     * @throws RoundRefusedException if what a round comes to is not finite and the policy is to fail
     * @throws RunFailedException if an {@link Error} ends the run
     * @throws CheckpointException if a checkpoint cannot be written, or the one to resume from cannot be used
     */
    public RunResult run() {
        long start = System.nanoTime();
        RunThread thread = new RunThread();
        return thread.call(() -> run(start, thread));
    }

    private RunResult run(long start, RunThread thread) {
        BooleanSupplier isOver = () -> cancelled || thread.isInterrupted();
        try (RunFiles files = setup.checkpoints
                .map(directory -> new RunFiles(directory, RunIdentity.of(setup)))
                .orElse(null)) {
            EvaluationPlan plan = new EvaluationPlan(
                    setup.evaluateEvery, setup.evaluateClientsEvery, setup.evaluatingClients(), setup.rounds);
            OpenRun.Scope scope =
                    new OpenRun.Scope(setup.clientStateStore(), setup.updateStore, plan, round -> Optional.empty());
            return OpenRun.of(setup, scope, isOver, run -> {
                thread.onInterrupt(run.executor()::interrupt);
                Optional<Checkpoint.Stored> from = resumed(files, run);
                if (!setup.resume) {
                    run.clientStates().requireEmpty();
                }
                if (from.isEmpty()) {
                    StopRules.requireMeasured(setup, isOver);
                }
                Checkpoint begin = from.map(Checkpoint.Stored::checkpoint)
                        .orElseGet(() -> new Checkpoint(run.initial(), List.of()));
                run.clientStates().restore(begin.state().round());
                boolean toldAll = from.map(Checkpoint.Stored::toldAll).orElse(true);
                RunLoop loop =
                        new RunLoop(setup, run, Optional.ofNullable(files), begin, toldAll, isOver, thread::interrupt);
                return result(loop, run, start);
            });
        }
    }

    private Optional<Checkpoint.Stored> resumed(RunFiles files, OpenRun run) {
        if (files == null) {
            return Optional.empty();
        }
        if (setup.resume) {
            return files.resume(run.model().layout(), setup.rounds, run.states().newSubManager());
        }
        files.begin();
        return Optional.empty();
    }

    private RunResult result(RunLoop loop, OpenRun run, long start) {
        RunResult.End end = loop.run();
        double seconds = (System.nanoTime() - start) / 1e9;
        ServerState last = loop.state();
        RunResult result = new RunResult(last, loop.history(), end, last.sha256(), seconds, run.states());
        setup.listeners.forEach(listener -> listener.runEnded(result));
        return result;
    }

    /**
     * Runs one client of one round again and returns the hash of its update ({@link ModelUpdate#sha256}), to be
     * compared with what a run with {@linkplain SimulationBuilder#hashUpdates hashes} recorded. The rounds before it
     * are run again too, from the latest checkpoint that is early enough if this simulation resumes, or else from the
     * start. Training that was adapted to the machine's load takes the settings that the run recorded. Listeners are
     * not told and no file is written. Where noise is not {@linkplain SimulationBuilder#seed seeded}, another update is
     * to be expected.
     *
     * @throws IllegalArgumentException if the client did not train in that round
     */
    public String replay(int round, ClientId client) {
        Check.inRange("round", 1, setup.rounds, round);
        Check.present("client", client);
        RunThread thread = new RunThread();
        return thread.call(() -> replay(round, client, thread));
    }

    private String replay(int round, ClientId client, RunThread thread) {
        Optional<Path> file = setup.checkpoints
                .filter(directory -> setup.resume)
                .flatMap(directory -> CheckpointFiles.latest(directory, round - 1));
        InMemoryClientStates clientStates = file.flatMap(any -> setup.clientStateDirectory())
                .map(DiskClientStates::new)
                .map(disk -> new InMemoryClientStates(
                        (id, slot, target) -> disk.load(id, slot, CheckpointFiles.round(file.orElseThrow()), target)))
                .orElseGet(InMemoryClientStates::new);
        OpenRun.Scope scope = OpenRun.Scope.inMemory(clientStates, recorded());
        BooleanSupplier isOver = () -> cancelled || thread.isInterrupted();
        return OpenRun.of(setup, scope, isOver, run -> {
            try (NDManager states = run.states()) {
                ServerState state = file.map(from -> Checkpoint.load(
                                        from, run.model().layout(), RunIdentity.of(setup), states.newSubManager())
                                .checkpoint()
                                .state())
                        .orElseGet(run::initial);
                while (state.round() < round - 1) {
                    state = run.next(state).state();
                }
                try (NDScope open = new NDScope()) {
                    open.suppressNotUsedWarning();
                    return run.reruns().replay(state, client);
                }
            }
        });
    }

    /**
     * Returns what rounds of the run measured when it ran, if it may be resumed: settings that followed from the
     * machine's load are among it.
     */
    private IntFunction<Optional<Metrics>> recorded() {
        Map<Integer, Metrics> byRound = new HashMap<>();
        setup.checkpoints
                .filter(directory -> setup.resume)
                .flatMap(Checkpoint::latest)
                .ifPresent(file ->
                        Checkpoint.history(file).forEach(report -> byRound.put(report.round(), report.metrics())));
        return round -> Optional.ofNullable(byRound.get(round));
    }

    /**
     * Runs the first client of the first round and throws its update away: what is impossible about a configuration and
     * shows only when a client trains or sends, such as attachments under local differential privacy, shows here.
     * Listeners are not told and no file is written.
     *
     * @return who it was; nobody if the first round has no client
     * @throws ClientFailedException if the client throws
     */
    public Optional<ClientId> rehearse() {
        RunConfig strict = setup.with(run -> run.failurePolicy = FailurePolicy.FAIL_RUN);
        RunThread thread = new RunThread();
        OpenRun.Scope inMemory = OpenRun.Scope.inMemory(new InMemoryClientStates(), round -> Optional.empty());
        return thread.call(() -> OpenRun.of(strict, inMemory, () -> cancelled || thread.isInterrupted(), run -> {
            try (NDScope scope = new NDScope()) {
                scope.suppressNotUsedWarning();
                return run.reruns().rehearse(run.initial());
            } finally {
                run.states().close();
            }
        }));
    }

    /**
     * Ends the run from another thread, or from a listener; the run returns its last whole round. Clients that train
     * then are interrupted, or train to their end. A cancelled simulation stays cancelled.
     */
    public void cancel() {
        cancelled = true;
    }
}
