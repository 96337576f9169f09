package org.fl4j.simulation;

import ai.djl.ndarray.NDScope;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;
import org.fl4j.client.ClientFactory;
import org.fl4j.client.Worker;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientId;
import org.fl4j.core.ModelUpdate;
import org.fl4j.core.RoundContext;
import org.fl4j.core.Server;
import org.fl4j.core.ServerState;
import org.fl4j.core.ServerUpdate;
import org.fl4j.core.TrainingTask;
import org.fl4j.core.UpdateTransform;
import org.fl4j.internal.Check;
import org.fl4j.metrics.Metrics;
import org.fl4j.random.Seed;

/** One round: select, broadcast, train, upload, aggregate, evaluate. */
final class FederatedRound {
    private final Server server;
    private final ClientDirectory clients;
    private final ClientFactory factory;
    private final UpdateTransform uploadTransform;
    private final ClientExecutor executor;
    private final EvaluationPlan evaluations;
    private final Seed seed;

    FederatedRound(
            Server server,
            ClientDirectory clients,
            ClientFactory factory,
            UpdateTransform uploadTransform,
            ClientExecutor executor,
            EvaluationPlan evaluations,
            Seed seed) {
        this.server = server;
        this.clients = clients;
        this.factory = factory;
        this.uploadTransform = uploadTransform;
        this.executor = executor;
        this.evaluations = evaluations;
        this.seed = seed;
    }

    /** What a round ends with; the state's arrays belong to the caller's scope. */
    record Outcome(ServerState state, RoundReport report) {}

    Outcome run(ServerState state) {
        long start = System.nanoTime();
        RoundContext round = new RoundContext(state.round() + 1, seed, clients.size());
        LongAdder bytesDown = new LongAdder();
        LongAdder bytesUp = new LongAdder();

        // 1. select
        List<ClientId> cohort = server.select(state, clients, round);

        // 2. broadcast, 3. train, 4. upload: on the workers, as the server asks for the next update
        ClientExecutor.Results<ModelUpdate> uploads = executor.run(cohort, round, (id, worker) -> {
            ModelUpdate update = train(state, id, worker, round, bytesDown);
            bytesUp.add(update.byteCount());
            return update;
        });

        // 5. aggregate: in cohort order
        ServerUpdate update = server.update(state, () -> uploads, round);
        double trainSeconds = secondsSince(start);

        // 6. evaluate: centrally, and on the clients
        long evaluationStart = System.nanoTime();
        Metrics metrics = evaluations.central(round.number()) ? server.evaluate(update.state(), round) : Metrics.none();
        List<ClientFailure> failures = new ArrayList<>();
        Map<ClientId, Metrics> evaluated = evaluateOnClients(update.state(), round, failures);
        failures.addAll(0, uploads.failures());

        RoundReport report = new RoundReport(
                round.number(),
                cohort,
                update.accepted(),
                evaluated,
                update.rejected(),
                failures,
                metrics.merge(update.metrics()).merge(total(update.accepted())).merge(total(evaluated)),
                bytesDown.sum(),
                bytesUp.sum(),
                trainSeconds,
                secondsSince(evaluationStart));
        return new Outcome(update.state(), report);
    }

    /** Trains and transforms in a scope: of all that a client makes, its update alone stays until it is folded. */
    private ModelUpdate train(ServerState state, ClientId id, Worker worker, RoundContext round, LongAdder bytesDown) {
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            TrainingTask task = server.broadcast(state, id, round);
            bytesDown.add(task.byteCount());
            ModelUpdate trained = factory.create(id, worker).train(task);
            try {
                ModelUpdate sent = transformed(trained, task);
                sent.keep(worker.updates());
                return sent;
            } catch (RuntimeException | Error e) {
                trained.close();
                throw e;
            }
        }
    }

    private ModelUpdate transformed(ModelUpdate trained, TrainingTask task) {
        Check.that(
                trained.client().equals(task.client()),
                "client of the update",
                task.client().toString(),
                trained.client());
        ModelUpdate sent = uploadTransform.transform(trained, task);
        if (sent.delta().floats() != trained.delta().floats()) {
            trained.delta().floats().close(); // integer buffers may have been carried over
        }
        return sent;
    }

    private Map<ClientId, Metrics> evaluateOnClients(
            ServerState state, RoundContext round, List<ClientFailure> failures) {
        Map<ClientId, Metrics> evaluated = new TreeMap<>();
        ClientExecutor.Results<Map.Entry<ClientId, Metrics>> results = executor.run(
                evaluations.clients(clients, round.number()),
                round,
                (id, worker) -> Map.entry(id, evaluate(state, id, worker, round)));
        results.forEachRemaining(result -> evaluated.put(result.getKey(), result.getValue()));
        failures.addAll(results.failures());
        return evaluated;
    }

    private Metrics evaluate(ServerState state, ClientId id, Worker worker, RoundContext round) {
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            return factory.create(id, worker).evaluate(server.broadcast(state, id, round));
        }
    }

    private static Metrics total(Map<ClientId, Metrics> byClient) {
        return new TreeMap<>(byClient).values().stream().reduce(Metrics.none(), Metrics::merge);
    }

    private static double secondsSince(long start) {
        return (System.nanoTime() - start) / 1e9;
    }
}
