package org.fl4j.simulation;

import ai.djl.ndarray.NDScope;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import org.fl4j.client.ClientFactory;
import org.fl4j.client.Worker;
import org.fl4j.core.ClientId;
import org.fl4j.core.ClientStore;
import org.fl4j.core.ModelUpdate;
import org.fl4j.core.RoundContext;
import org.fl4j.core.RoundPlan;
import org.fl4j.core.TrainingTask;
import org.fl4j.core.UpdateTransform;
import org.fl4j.execution.Notes;
import org.fl4j.internal.Check;
import org.fl4j.metrics.Metrics;
import org.fl4j.tensor.ParameterVector;

/** Runs the clients of a plan on the workers of this process. */
final class LocalCohort {
    private final ClientExecutor executor;
    private final ClientFactory factory;
    private final UpdateTransform uploadTransform;
    private final ClientStore states;
    private final Sent sent;
    private final ClientCall calls = new ClientCall();

    /**
     * What becomes of updates once they are made.
     *
     * @param hashes whether task records carry hashes of updates
     * @param claims what may be true of them
     * @param commit keeps what accepted clients of a round remember
     */
    record Sent(boolean hashes, ClaimRule claims, BiConsumer<Integer, Set<ClientId>> commit) {}

    LocalCohort(
            ClientExecutor executor,
            ClientFactory factory,
            UpdateTransform uploadTransform,
            ClientStore states,
            Sent sent) {
        this.executor = executor;
        this.factory = factory;
        this.uploadTransform = uploadTransform;
        this.states = states;
        this.sent = sent;
    }

    /** Has the cohort train; the updates come in cohort order. */
    Uploads train(RoundPlan plan, RoundContext round) {
        return new Uploads(run("train", plan, round), plan, sent.claims(), round, sent.commit());
    }

    /** Has one client of a plan train and returns the hash of its update, of which nothing is kept. */
    String trainAlone(RoundPlan plan, ClientId client, RoundContext round) {
        RoundPlan alone = plan.withCohort(List.of(client));
        try (ClientExecutor.Results<Uploads.Upload> results = run("alone", alone, round)) {
            Check.that(results.hasNext(), "client", "one who does not fail", results.failures());
            try (Uploads.Upload upload = results.next()) {
                return upload.update().sha256();
            }
        }
    }

    private ClientExecutor.Results<Uploads.Upload> run(String kind, RoundPlan plan, RoundContext round) {
        return executor.run(
                kind,
                plan.cohort(),
                round,
                plan.wanted(),
                (id, worker, notes) -> train(plan, id, worker, round, notes),
                Uploads.Upload::close);
    }

    /** Has the cohort evaluate; what they measure comes in cohort order. */
    ClientExecutor.Results<Map.Entry<ClientId, Metrics>> evaluate(RoundPlan plan, RoundContext round) {
        return executor.run(
                "evaluate",
                plan.cohort(),
                round,
                plan.wanted(),
                (id, worker, notes) -> Map.entry(id, evaluate(plan, id, worker, round)),
                result -> {});
    }

    /** Trains and transforms in a scope: of all that a client makes, its update alone stays until it is folded. */
    private Uploads.Upload train(RoundPlan plan, ClientId id, Worker worker, RoundContext round, Notes notes) {
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            TrainingTask task = plan.task(id, round);
            ModelUpdate trained = calls.train(factory.create(id, worker), task, worker);
            try {
                ModelUpdate transformed = transformed(trained, task);
                ModelUpdate update = transformed.withKept(Map.of());
                stage(trained);
                stage(transformed);
                notes.add(update.receipt().measured().startingWith("privacy/"));
                if (sent.hashes()) {
                    notes.updateSha256(update.sha256());
                }
                calls.replace(trained, update);
                update.keep(worker.updates());
                return new Uploads.Upload(update, task.byteCount(), calls);
            } catch (RuntimeException | Error e) {
                calls.forget(trained);
                trained.close();
                throw e;
            }
        } finally {
            worker.taskEnded();
        }
    }

    /** Hands what the client keeps to the run, which forgets it if the update is not accepted. */
    private void stage(ModelUpdate update) {
        update.kept().forEach((slot, state) -> states.stage(update.client(), slot, state));
    }

    private ModelUpdate transformed(ModelUpdate trained, TrainingTask task) {
        ModelUpdate update = uploadTransform.transform(trained, task);
        trained.payload().delta().map(ParameterVector::floats).ifPresent(before -> {
            if (update.payload().delta().map(ParameterVector::floats).orElse(null) != before) {
                before.close(); // integer buffers may have been carried over
            }
        });
        return update;
    }

    private Metrics evaluate(RoundPlan plan, ClientId id, Worker worker, RoundContext round) {
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            return calls.evaluate(factory.create(id, worker), plan.task(id, round));
        } finally {
            worker.taskEnded();
        }
    }
}
