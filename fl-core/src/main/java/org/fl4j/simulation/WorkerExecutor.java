package org.fl4j.simulation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.fl4j.execution.TaskRecord;
import org.fl4j.execution.internal.TaskNotes;
import org.fl4j.message.ClientId;
import org.fl4j.message.ClientStore;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Query;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.StrategyState;

/** Runs clients on the workers of this process. */
final class WorkerExecutor implements CohortExecutor {
    private final ClientExecutor clients;
    private final ClientCall calls;
    private final ClientStore states;
    private final boolean hashes;

    /**
     * Runs clients.
     *
     * @param clients runs work on hosts
     * @param calls what the hosts hold clients to their rules by
     * @param states where what clients keep is staged
     * @param hashes whether task records carry hashes of updates
     */
    WorkerExecutor(ClientExecutor clients, ClientCall calls, ClientStore states, boolean hashes) {
        this.clients = clients;
        this.calls = calls;
        this.states = states;
        this.hashes = hashes;
    }

    @Override
    public Answers<ModelUpdate> train(RoundPlan plan, RoundContext round) {
        return new Trained(clients.run(
                ClientExecutor.TRAINING,
                plan.cohort(),
                round,
                plan.needed(),
                (id, host, notes) -> train(plan, id, host, round, notes),
                this::free));
    }

    @Override
    public Answers<ModelUpdate> ask(Query query, RoundContext round) {
        RoundPlan plan = query.plan();
        return new Trained(clients.run(
                "query",
                plan.cohort(),
                round,
                plan.needed(),
                (id, host, notes) -> {
                    try (NDScope scope = new NDScope()) {
                        scope.suppressNotUsedWarning();
                        return host.answer(query.name(), plan.task(id, round));
                    }
                },
                this::free));
    }

    /** Makes the task in a scope if a model of the client's own is loaded or cut out for it. */
    private ModelUpdate train(RoundPlan plan, ClientId id, WorkerHost host, RoundContext round, TaskNotes notes) {
        if (plan.order(id).isOfShared()) {
            return noted(host.train(plan.task(id, round)), notes);
        }
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            return noted(host.train(plan.task(id, round)), notes);
        }
    }

    /** Notes what is recorded of an update, and stages what its client keeps; frees the update if that fails. */
    ModelUpdate noted(ModelUpdate update, TaskNotes notes) {
        try {
            notes.add(update.receipt().measured("privacy/"));
            if (hashes) {
                notes.updateSha256(update.sha256());
            }
            return staged(update);
        } catch (RuntimeException | Error e) {
            free(update);
            throw e;
        }
    }

    /** Hands what the client keeps to the run, which forgets it if the update is not accepted. */
    private ModelUpdate staged(ModelUpdate update) {
        if (update.kept().isEmpty()) {
            return update;
        }
        update.kept().forEach((slot, state) -> states.stage(update.client(), slot, state));
        ModelUpdate bare = update.withKept(Map.of());
        calls.replace(update, bare);
        for (StrategyState state : update.kept().values()) {
            state.tensors().values().forEach(NDArray::close);
        }
        return bare;
    }

    void free(ModelUpdate update) {
        calls.forget(update);
        update.close();
    }

    /** Forgets the arrays of answers that were handed out and are folded. */
    Answers<ModelUpdate> handedOut(Answers<ModelUpdate> answers) {
        return new Trained(answers);
    }

    @Override
    public Answers<Measured> evaluate(RoundPlan plan, RoundContext round) {
        return clients.run(
                "evaluate",
                plan.cohort(),
                round,
                plan.needed(),
                (id, host, notes) -> evaluate(plan, id, host, round),
                result -> {});
    }

    private static Measured evaluate(RoundPlan plan, ClientId id, WorkerHost host, RoundContext round) {
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            return new Measured(id, host.evaluate(plan.task(id, round)));
        }
    }

    @Override
    public List<TaskRecord> newRecords() {
        return clients.newRecords();
    }

    @Override
    public void interrupt() {
        clients.interruptRunning();
    }

    @Override
    public void close() {
        clients.close();
    }

    /** Updates, and answers, whose arrays may be sent again once they are folded. */
    private final class Trained implements Answers<ModelUpdate> {
        private final Answers<ModelUpdate> answers;
        private Optional<ModelUpdate> folding = Optional.empty(); // what was handed out last

        Trained(Answers<ModelUpdate> answers) {
            this.answers = answers;
        }

        @Override
        public boolean hasNext() {
            forgetTheLast();
            return answers.hasNext();
        }

        @Override
        public ModelUpdate next() {
            forgetTheLast();
            ModelUpdate next = answers.next();
            folding = Optional.of(next);
            return next;
        }

        private void forgetTheLast() {
            folding.ifPresent(calls::forget);
            folding = Optional.empty();
        }

        @Override
        public List<ClientFailure> failures() {
            return answers.failures();
        }

        @Override
        public void close() {
            forgetTheLast();
            answers.close();
        }
    }
}
