package org.fl4j.simulation;

import ai.djl.ndarray.NDScope;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;
import org.fl4j.client.ClientFactory;
import org.fl4j.core.Client;
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
        RoundContext round = new RoundContext(state.round() + 1, seed);
        LongAdder bytesDown = new LongAdder();
        LongAdder bytesUp = new LongAdder();

        // 1. select
        List<ClientId> cohort = server.select(state, clients, round);

        // 2. broadcast, 3. train, 4. upload: on the workers, as the server asks for the next update
        ClientExecutor.Results<ModelUpdate> uploads = executor.run(cohort, round, (id, worker) -> {
            TrainingTask task = server.broadcast(state, id, round);
            bytesDown.add(task.byteCount());
            ModelUpdate update = train(factory.create(id, worker), task);
            bytesUp.add(update.byteCount());
            return update;
        });

        // 5. aggregate: in cohort order
        ServerUpdate update = server.update(state, () -> uploads, round);
        double trainSeconds = secondsSince(start);

        // 6. evaluate: centrally, and on the clients
        long evaluationStart = System.nanoTime();
        Metrics metrics = evaluations.central(round.number()) ? server.evaluate(update.state(), round) : Metrics.none();
        Map<ClientId, Metrics> evaluated = evaluateOnClients(update.state(), round);

        RoundReport report = new RoundReport(
                round.number(),
                cohort,
                update.accepted(),
                evaluated,
                update.rejected(),
                uploads.failures(),
                metrics.merge(update.metrics()).merge(total(update.accepted())).merge(total(evaluated)),
                bytesDown.sum(),
                bytesUp.sum(),
                trainSeconds,
                secondsSince(evaluationStart));
        return new Outcome(update.state(), report);
    }

    private ModelUpdate train(Client client, TrainingTask task) {
        ModelUpdate trained = client.train(task);
        Check.that(
                trained.client().equals(task.client()),
                "client of the update",
                task.client().toString(),
                trained.client());
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            ModelUpdate sent = uploadTransform.transform(trained, task);
            if (sent.delta() != trained.delta()) {
                sent.delta().keep(trained.delta().floats().getManager());
                trained.close();
            }
            return sent;
        }
    }

    private Map<ClientId, Metrics> evaluateOnClients(ServerState state, RoundContext round) {
        Map<ClientId, Metrics> evaluated = new TreeMap<>();
        List<ClientId> chosen = evaluations.clients(clients, round.number());
        executor.run(
                        chosen,
                        round,
                        (id, worker) ->
                                Map.entry(id, factory.create(id, worker).evaluate(server.broadcast(state, id, round))))
                .forEachRemaining(result -> evaluated.put(result.getKey(), result.getValue()));
        return evaluated;
    }

    private static Metrics total(Map<ClientId, Metrics> byClient) {
        return new TreeMap<>(byClient).values().stream().reduce(Metrics.none(), Metrics::merge);
    }

    private static double secondsSince(long start) {
        return (System.nanoTime() - start) / 1e9;
    }
}
