package org.fl4j.simulation;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.fl4j.client.Worker;
import org.fl4j.core.Server;
import org.fl4j.data.FederatedDataset;
import org.fl4j.internal.Check;
import org.fl4j.internal.FlightEvents;
import org.fl4j.message.ClientStates;
import org.fl4j.message.ServerState;
import org.fl4j.message.UpdateStore;
import org.fl4j.metrics.Metrics;
import org.fl4j.model.FederatedModel;
import org.fl4j.model.LocalModel;
import org.fl4j.monitoring.ResourceMonitor;
import org.fl4j.server.ComposedServer;
import org.fl4j.tensor.Parallel;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.TensorEngine;

/**
 * What a run holds while it computes: model, server, workers, round.
 *
 * @param states owns the arrays of server states; whoever has a result closes it
 */
record OpenRun(
        FederatedModel model,
        NDManager states,
        ClientStateStore clientStates,
        Server server,
        FederatedRound round,
        Reruns reruns,
        CohortExecutor executor,
        Optional<ResourceMonitor> monitor) {
    static final EvaluationPlan NO_EVALUATION =
            new EvaluationPlan(Integer.MAX_VALUE, OptionalInt.empty(), Optional.empty(), Integer.MAX_VALUE);

    /** What differs between a run and what is run of it again. */
    record Scope(
            ClientStateStore clientStates,
            UpdateStore updates,
            EvaluationPlan evaluations,
            IntFunction<Optional<Metrics>> recorded) {
        /** Writes nothing to files, and evaluates nothing. */
        static Scope inMemory(ClientStateStore clientStates, IntFunction<Optional<Metrics>> recorded) {
            return new Scope(clientStates, UpdateStore.inMemory(), NO_EVALUATION, recorded);
        }
    }

    /** Sets everything up, computes, and frees all but the states; those too if it fails. */
    static <T> T of(RunConfig setup, Scope scope, BooleanSupplier cancelled, Function<OpenRun, T> body) {
        return Parallel.among(setup.workers, () -> opened(setup, scope, cancelled, body));
    }

    private static <T> T opened(RunConfig setup, Scope scope, BooleanSupplier cancelled, Function<OpenRun, T> body) {
        NDManager states = TensorEngine.newManager(setup.devices.first());
        TensorEngine.prepareThread();
        try (ClientStateStore clientStates = scope.clientStates();
                FederatedModel model = new FederatedModel(setup.task);
                ComposedServer composed = server(setup, model, states);
                ResourceMonitor monitor = setup.monitoring.map(Supplier::get).orElse(null);
                CohortExecutor executor =
                        executor(setup, model, clientStates, Optional.ofNullable(monitor), cancelled)) {
            requireSameFrozen(setup, model);
            Server server = new GuardedServer(
                    setup.decorated(composed, clientStates),
                    model.layout(),
                    setup.failurePolicy == FailurePolicy.FAIL_RUN,
                    setup.blockSize,
                    setup.together);
            RoundStarts starts = new RoundStarts(
                    setup.seed, setup.data.clients(), scope.updates(), setup.observers, scope.recorded());
            Queries queries = new Queries(server, starts, executor, claims(setup));
            FederatedRound round = new FederatedRound(
                    server,
                    starts,
                    queries,
                    training(setup, model, executor, clientStates),
                    new Evaluation(server, executor, scope.evaluations(), setup.evaluated));
            return body.apply(new OpenRun(
                    model,
                    states,
                    clientStates,
                    server,
                    round,
                    new Reruns(server, starts, queries, executor),
                    executor,
                    Optional.ofNullable(monitor)));
        } catch (RuntimeException | Error e) {
            closeAfter(e, states);
            if (Failures.unwrapped(e) instanceof Error error && e != error) {
                throw error;
            }
            throw e;
        }
    }

    private static void closeAfter(Throwable first, NDManager states) {
        try {
            states.close();
        } catch (RuntimeException | Error second) {
            if (second != first) { // the virtual machine may throw one and the same error twice
                first.addSuppressed(second);
            }
        }
    }

    /** An architecture is made anew for each run, and its frozen parameters are in no message that could tell them. */
    private static void requireSameFrozen(RunConfig setup, FederatedModel model) {
        Check.that(
                model.frozenSha256().equals(setup.frozenSha256),
                "frozen parameters of an architecture",
                "the same each time it is made",
                "others than when the run was built");
    }

    private static Training training(
            RunConfig setup, FederatedModel model, CohortExecutor executor, ClientStateStore clientStates) {
        Encoding encoding = new Encoding(setup.codec);
        return new Training(
                executor,
                claims(setup),
                setup.codec.isPresent(),
                update -> encoding.decoded(update, model.layout(), clientStates),
                (number, accepted) -> clientStates.commit(number, accepted, oldestNeeded(setup, number)));
    }

    private static ClaimRule claims(RunConfig setup) {
        return new ClaimRule(setup.data.clients(), Optional.ofNullable(setup.training));
    }

    /** The oldest round that a resume may start from once this round has ended. */
    private static int oldestNeeded(RunConfig setup, int round) {
        return setup.checkpoints.map(CheckpointFiles::oldest).orElse(round);
    }

    /** Runs a round, and frees the state before it. */
    FederatedRound.Outcome next(ServerState state) {
        NDManager before = state.model().floats().getManager(); // the next state may go on with some of its arrays
        NDManager next = states.newSubManager();
        FederatedRound.Outcome outcome;
        Optional<ResourceMonitor.Window> window = monitor.map(looks -> looks.open(state.round() + 1));
        FlightEvents.Round event = new FlightEvents.Round(state.round() + 1);
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            outcome = round.run(state);
            outcome.state().keep(next);
        } finally {
            event.commit();
        }
        before.close();
        Metrics used = window.map(ResourceMonitor.Window::close).orElse(Metrics.none());
        return new FederatedRound.Outcome(outcome.state(), outcome.report().withMetrics(used));
    }

    /** Returns the state before the first round. */
    ServerState initial() {
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            return server.initialState().keep(states.newSubManager());
        }
    }

    private static ComposedServer server(RunConfig setup, FederatedModel model, NDManager states) {
        return new ComposedServer(
                initialModel(setup, model, states),
                setup.selector,
                setup.cohortSize,
                setup.askedAggregator.orElse(setup.aggregator),
                setup.serverOptimizer,
                setup.updates,
                setup.staleness.orElse(0),
                new LocalModel(model, setup.devices.first()),
                Optional.ofNullable(setup.testData));
    }

    private static Supplier<ParameterVector> initialModel(RunConfig setup, FederatedModel model, NDManager states) {
        return () -> {
            ParameterVector drawn = model.initial(setup.seed.derive("initial model"), states);
            setup.initialModel.ifPresent(drawn::setInPlace);
            return drawn;
        };
    }

    private static CohortExecutor executor(
            RunConfig setup,
            FederatedModel model,
            ClientStateStore clientStates,
            Optional<ResourceMonitor> monitor,
            BooleanSupplier cancelled) {
        ClientCall calls = new ClientCall();
        if (setup.executor.isPresent()) {
            return setup.executor
                    .get()
                    .open(new ExecutorParts(
                            (device, states) ->
                                    host(setup, model, states, device, calls).lent(),
                            RunIdentity.ofClients(setup).parts(),
                            model.layout(),
                            clientStates,
                            setup.failurePolicy,
                            setup.hashUpdates,
                            setup.together > 1,
                            cancelled));
        }
        List<WorkerHost> hosts = new ArrayList<>();
        for (int i = 0; i < setup.workers; i++) {
            hosts.add(host(setup, model, clientStates, setup.devices.forWorker(i), calls));
        }
        ClientExecutor clients = new ClientExecutor(hosts, setup.execution, setup.failurePolicy, monitor, cancelled);
        WorkerExecutor single = new WorkerExecutor(clients, calls, clientStates, setup.hashUpdates);
        boolean plain = setup.uploadTransform == RunConfig.NO_TRANSFORM
                && setup.codec.isEmpty()
                && !setup.hashUpdates
                && setup.hasPlainClients();
        return setup.together > 1
                ? new BlockExecutor(single, clients, setup.failurePolicy, claims(setup), plain)
                : single;
    }

    static WorkerHost host(
            RunConfig setup, FederatedModel model, ClientStates states, Device device, ClientCall calls) {
        FederatedDataset evaluation =
                Optional.ofNullable(setup.clientEvaluationData).orElse(setup.data);
        Worker worker = new Worker(model, setup.data, evaluation, states, device);
        return new WorkerHost(
                worker,
                setup.clientFactory(),
                setup.uploadTransform,
                new Encoding(setup.codec),
                calls,
                new BlockRule(setup).fault().isEmpty() ? setup.sgdClients.clientClass() : Optional.empty());
    }
}
