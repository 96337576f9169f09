package org.fl4j.simulation;

import ai.djl.ndarray.NDScope;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.fl4j.client.ClientFactory;
import org.fl4j.client.Worker;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientId;
import org.fl4j.core.ModelUpdate;
import org.fl4j.core.Rejection;
import org.fl4j.core.RejectionReason;
import org.fl4j.core.RoundContext;
import org.fl4j.core.Server;
import org.fl4j.core.ServerState;
import org.fl4j.core.ServerUpdate;
import org.fl4j.core.TrainingTask;
import org.fl4j.core.UpdateStore;
import org.fl4j.core.UpdateTransform;
import org.fl4j.execution.Notes;
import org.fl4j.internal.Check;
import org.fl4j.metrics.Metrics;
import org.fl4j.random.Seed;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One round: select, broadcast, train, upload, aggregate, evaluate. */
final class FederatedRound {
    private static final Logger LOG = LoggerFactory.getLogger(FederatedRound.class);

    /** What needs no warning: a simulated clock makes clients late, and the others were told. */
    private final Set<RejectionReason> logged =
            EnumSet.of(RejectionReason.LATE, RejectionReason.DROPPED_OUT, RejectionReason.STALE);

    private final Server server;
    private final ClientDirectory clients;
    private final ClientFactory factory;
    private final UpdateTransform uploadTransform;
    private final ClientExecutor executor;
    private final EvaluationPlan evaluations;
    private final int wanted;
    private final UpdateStore updateStore;
    private final BiConsumer<Integer, Set<ClientId>> commit; // of what accepted clients keep
    private final boolean hashUpdates;
    private final boolean failsOnRefusal;
    private final Seed seed;
    private final ClaimRule claims;
    private final ClientCall calls = new ClientCall();

    FederatedRound(
            Server server,
            ClientDirectory clients,
            ClientFactory factory,
            UpdateTransform uploadTransform,
            ClientExecutor executor,
            EvaluationPlan evaluations,
            int wanted,
            UpdateStore updateStore,
            BiConsumer<Integer, Set<ClientId>> commit,
            boolean hashUpdates,
            boolean failsOnRefusal,
            ClaimRule claims,
            Seed seed) {
        this.server = server;
        this.clients = clients;
        this.factory = factory;
        this.uploadTransform = uploadTransform;
        this.executor = executor;
        this.evaluations = evaluations;
        this.wanted = wanted;
        this.updateStore = updateStore;
        this.commit = commit;
        this.hashUpdates = hashUpdates;
        this.failsOnRefusal = failsOnRefusal;
        this.claims = claims;
        this.seed = seed;
    }

    /** What a round ends with; the state's arrays belong to the caller's scope. */
    record Outcome(ServerState state, RoundReport report) {}

    Outcome run(ServerState state) {
        long start = System.nanoTime();
        RoundContext round = after(state);

        // 1. select
        List<ClientId> cohort = server.select(state, clients, round);

        // 2. broadcast, 3. train, 4. upload: on the workers, as the server asks for the next update
        ClientExecutor.Results<Uploads.Upload> results = executor.run(
                "train",
                cohort,
                round,
                wanted,
                (id, worker, notes) -> train(state, id, worker, round, notes),
                Uploads.Upload::close);
        try (Uploads uploads = new Uploads(results, claims)) {

            // 5. aggregate: in cohort order
            ServerUpdate update = server.update(state, uploads, round);
            requireSound(update, round);
            uploads.giveUpTheRest(); // or they might keep something after this round's states are committed
            commit.accept(round.number(), update.accepted().keySet());
            double trainSeconds = secondsSince(start);

            // 6. evaluate: centrally, and on the clients
            long evaluationStart = System.nanoTime();
            Metrics metrics =
                    evaluations.central(round.number()) ? server.evaluate(update.state(), round) : Metrics.none();
            List<ClientFailure> failures = new ArrayList<>(uploads.failures());
            Map<ClientId, Metrics> evaluated = evaluateOnClients(update.state(), round, failures);

            List<Rejection> rejections = uploads.rejections(cohort, update);
            warnOf(rejections, round);
            RoundReport report = new RoundReport(
                    round.number(),
                    cohort,
                    update.accepted(),
                    evaluated,
                    rejections,
                    failures,
                    metrics.merge(update.metrics())
                            .merge(total(update.accepted()))
                            .merge(total(evaluated)),
                    uploads.bytesDown(),
                    uploads.bytesUp(),
                    trainSeconds,
                    secondsSince(evaluationStart));
            return new Outcome(update.state(), report);
        } finally {
            updateStore.roundEnded(round.number());
        }
    }

    /** Logs the first rejection for each reason of a run: the others are in the reports, and a fault of the set-up refuses every update. */
    private void warnOf(List<Rejection> rejections, RoundContext round) {
        for (Rejection rejection : rejections) {
            if (logged.add(rejection.reason())) {
                LOG.warn(
                        "round {}, {}: update rejected: {} ({}); later rejections for this reason are in the round reports only",
                        round.number(),
                        rejection.client(),
                        rejection.detail(),
                        rejection.reason());
            }
        }
    }

    /** Nothing that is not a number becomes a state: it would stay one for ever. */
    private void requireSound(ServerUpdate update, RoundContext round) {
        Optional<Rejection> refused = update.rejected().stream()
                .filter(rejection -> rejection.reason() == RejectionReason.ROUND_REFUSED)
                .findFirst();
        if (failsOnRefusal && refused.isPresent()) {
            throw new RoundRefusedException(round.number(), refused.get().detail());
        }
        update.state().model().firstNotFinite().ifPresent(parameter -> {
            throw new RoundRefusedException(
                    round.number(), "model must be finite, but parameter " + parameter + " has NaN or infinite values");
        });
    }

    /** Runs one client of the round after a state once more, and returns the hash of its update. */
    String replay(ServerState state, ClientId client) {
        RoundContext round = after(state);
        List<ClientId> cohort = server.select(state, clients, round);
        Check.that(
                cohort.contains(client),
                "client",
                "one who trained in round " + round.number() + ", " + cohort,
                client);
        return alone(state, client, round);
    }

    /** Runs the first client of the round after a state, if it has any, and returns it. */
    Optional<ClientId> rehearse(ServerState state) {
        RoundContext round = after(state);
        Optional<ClientId> first = server.select(state, clients, round).stream().findFirst();
        first.ifPresent(client -> alone(state, client, round));
        return first;
    }

    private String alone(ServerState state, ClientId client, RoundContext round) {
        try (ClientExecutor.Results<Uploads.Upload> results = executor.run(
                "alone",
                List.of(client),
                round,
                1,
                (id, worker, notes) -> train(state, id, worker, round, notes),
                Uploads.Upload::close)) {
            Check.that(results.hasNext(), "client", "one who does not fail", results.failures());
            try (Uploads.Upload upload = results.next()) {
                return upload.update().sha256();
            }
        }
    }

    private RoundContext after(ServerState state) {
        return new RoundContext(state.round() + 1, seed, clients.size(), updateStore);
    }

    /** Trains and transforms in a scope: of all that a client makes, its update alone stays until it is folded. */
    private Uploads.Upload train(ServerState state, ClientId id, Worker worker, RoundContext round, Notes notes) {
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            TrainingTask task = Check.present("task of the server", server.broadcast(state, id, round));
            ModelUpdate trained = calls.train(factory.create(id, worker), task, worker);
            try {
                ModelUpdate sent = transformed(trained, task);
                notes.add(sent.metrics().startingWith("privacy/"));
                if (hashUpdates) {
                    notes.updateSha256(sent.sha256());
                }
                calls.replace(trained, sent);
                sent.keep(worker.updates());
                return new Uploads.Upload(sent, task.byteCount(), calls);
            } catch (RuntimeException | Error e) {
                calls.forget(trained);
                trained.close();
                throw e;
            }
        } finally {
            worker.taskEnded();
        }
    }

    private ModelUpdate transformed(ModelUpdate trained, TrainingTask task) {
        ModelUpdate sent = uploadTransform.transform(trained, task);
        if (sent.delta().floats() != trained.delta().floats()) {
            trained.delta().floats().close(); // integer buffers may have been carried over
        }
        return sent;
    }

    private Map<ClientId, Metrics> evaluateOnClients(
            ServerState state, RoundContext round, List<ClientFailure> failures) {
        Map<ClientId, Metrics> evaluated = new TreeMap<>();
        try (ClientExecutor.Results<Map.Entry<ClientId, Metrics>> results = executor.run(
                "evaluate",
                evaluations.clients(round.number()),
                round,
                Integer.MAX_VALUE,
                (id, worker, notes) -> Map.entry(id, evaluate(state, id, worker, round)),
                result -> {})) {
            results.forEachRemaining(result -> evaluated.put(result.getKey(), result.getValue()));
            failures.addAll(results.failures());
        }
        return evaluated;
    }

    private Metrics evaluate(ServerState state, ClientId id, Worker worker, RoundContext round) {
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            return calls.evaluate(factory.create(id, worker), server.broadcast(state, id, round));
        } finally {
            worker.taskEnded();
        }
    }

    private static Metrics total(Map<ClientId, Metrics> byClient) {
        return new TreeMap<>(byClient).values().stream().reduce(Metrics.none(), Metrics::merge);
    }

    private static double secondsSince(long start) {
        return (System.nanoTime() - start) / 1e9;
    }
}
