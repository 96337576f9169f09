package org.fl4j.simulation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import org.fl4j.client.ClientFactory;
import org.fl4j.client.ClientHost;
import org.fl4j.client.SgdClient;
import org.fl4j.client.TrainedBlock;
import org.fl4j.client.Worker;
import org.fl4j.core.UpdateTransform;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Slot;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.tensor.Parallel;

/**
 * Clients on one worker of this process.
 *
 * @param worker what clients compute with
 * @param factory makes clients
 * @param transform what is done to their updates
 * @param encoding how deltas travel
 * @param calls holds clients to their rules
 * @param together the class of clients that train at once in a block; none if they train one after another
 */
record WorkerHost(
        Worker worker,
        ClientFactory factory,
        UpdateTransform transform,
        Encoding encoding,
        ClientCall calls,
        Optional<Class<? extends SgdClient>> together)
        implements ClientHost {
    /**
     * Trains, transforms and encodes in a scope: of all that a client makes, its update alone stays until it is folded.
     */
    @Override
    public ModelUpdate train(TrainingTask task) {
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            worker.taskBegins(task);
            ModelUpdate trained = calls.train(factory.create(task.client(), worker), task, worker);
            if (task.slice().isPresent()) {
                trained = trained.with(trained.payload().withSlice(task.slice()));
            }
            return toSend(trained, task);
        } finally {
            worker.taskEnded();
        }
    }

    /** Transforms and encodes an update. */
    private ModelUpdate toSend(ModelUpdate trained, TrainingTask task) {
        ModelUpdate owned = trained; // what is freed if the rest fails; a transform may return what is another's
        try {
            ModelUpdate transformed = transform.transform(trained, task).withKeptOf(trained);
            replace(trained, transformed);
            owned = transformed;
            if (encoding.codec().isPresent()) {
                ModelUpdate encoded = encoding.encoded(transformed, task, worker.states());
                replace(transformed, encoded);
                owned = encoded;
            }
            requireNothingKept(owned, task);
            return owned.keep(worker.updates());
        } catch (RuntimeException | Error e) {
            calls.forget(owned);
            owned.close();
            throw e;
        }
    }

    /** Trains the clients at once if the run has them do so, and if all of them begin with one whole model. */
    @Override
    public List<Answer> trainBlock(List<TrainingTask> block) {
        if (together.isEmpty() || !haveOneModel(block)) {
            return ClientHost.super.trainBlock(block);
        }
        return together.get() == SgdClient.class ? trainPlain(block) : trainWithHooks(block);
    }

    private List<Answer> trainPlain(List<TrainingTask> block) {
        TrainedBlock trained = trainTogether(block);
        return answers(
                block,
                trained,
                i -> () -> ClientCall.measured(trained.update(trained.members().get(i), worker.updates())));
    }

    /**
     * Clients share a copy of their message. If one of them writes to it, they train one after another, so that this
     * one alone fails.
     */
    private List<Answer> trainWithHooks(List<TrainingTask> block) {
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            List<ClientCall.Given> given = ClientCall.given(block);
            Optional<TrainedBlock> trained = trained(block, given);
            if (trained.isPresent()) {
                return answers(
                        block,
                        trained.get(),
                        i -> () -> calls.sent(
                                given.get(i),
                                trained.get().members().get(i).update().orElseThrow(),
                                worker));
            }
        }
        return ClientHost.super.trainBlock(block);
    }

    /** Trains clients that were given copies of their tasks; nothing if one of them has written to its own. */
    private Optional<TrainedBlock> trained(List<TrainingTask> block, List<ClientCall.Given> given) {
        try {
            TrainedBlock trained =
                    train(block, given.stream().map(ClientCall.Given::task).toList());
            if (ClientCall.areUntouched(given)) {
                return Optional.of(trained);
            }
            trained.members().stream()
                    .flatMap(member -> member.update().stream())
                    .forEach(update -> calls.discard(update, worker));
        } catch (RuntimeException e) {
            if (ClientCall.areUntouched(given)) {
                throw e;
            }
        }
        return Optional.empty();
    }

    private List<Answer> answers(
            List<TrainingTask> block, TrainedBlock trained, IntFunction<Supplier<ModelUpdate>> sent) {
        List<Answer> answers = new ArrayList<>();
        try {
            for (int i = 0; i < block.size(); i++) {
                answers.add(answer(trained.members().get(i), sent.apply(i), block.get(i)));
            }
            return answers;
        } catch (RuntimeException | Error e) {
            answers.forEach(answer -> answer.update().ifPresent(update -> {
                calls.forget(update);
                update.close();
            }));
            throw e;
        }
    }

    /** Trains the clients at once, and does nothing to their updates; valid until this host works again. */
    TrainedBlock trainTogether(List<TrainingTask> block) {
        return train(block, block);
    }

    /** Trains clients, which may have been given copies of their tasks. */
    private TrainedBlock train(List<TrainingTask> block, List<TrainingTask> given) {
        try {
            worker.taskBegins(block.get(0));
            return TrainedBlock.train(
                    worker,
                    client -> (SgdClient) factory.create(client, worker),
                    block.get(0).model(),
                    given);
        } finally {
            worker.taskEnded();
        }
    }

    private Answer answer(TrainedBlock.Member member, Supplier<ModelUpdate> sent, TrainingTask task) {
        if (member.failure().isPresent()) {
            return new Answer(
                    member.client(),
                    Optional.empty(),
                    Optional.of(member.failure().get()));
        }
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            return new Answer(member.client(), Optional.of(toSend(sent.get(), task)), Optional.empty());
        } catch (RuntimeException e) { // of a transform; this client's own failure
            return new Answer(member.client(), Optional.empty(), Optional.of(e));
        }
    }

    private static boolean haveOneModel(List<TrainingTask> block) {
        return block.stream()
                .allMatch(task ->
                        task.slice().isEmpty() && task.model() == block.get(0).model());
    }

    /** What is kept of a part of the model would be taken for another part in another round. */
    private static void requireNothingKept(ModelUpdate update, TrainingTask task) {
        if (task.slice().isPresent() && !update.kept().isEmpty()) {
            throw new IllegalStateException("client of a slice must keep nothing from round to round, but keeps "
                    + update.kept().keySet().stream().map(Slot::name).sorted().toList());
        }
    }

    /** Goes on with an update in another form, and frees what that has replaced or left out. */
    private void replace(ModelUpdate trained, ModelUpdate update) {
        calls.replace(trained, update);
        List<NDArray> sent = ClientCall.arrays(update);
        for (NDArray array : ClientCall.arrays(trained)) {
            boolean there = false;
            for (NDArray other : sent) {
                there |= other == array;
            }
            if (!there) {
                array.close();
            }
        }
    }

    @Override
    public ModelUpdate answer(String query, TrainingTask task) {
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            worker.taskBegins(task);
            return calls.answer(factory.create(task.client(), worker), query, task, worker)
                    .keep(worker.updates());
        } finally {
            worker.taskEnded();
        }
    }

    /** Returns a host whose updates are the caller's alone, so that nothing is remembered of them. */
    ClientHost lent() {
        WorkerHost host = this;
        return new ClientHost() {
            @Override
            public ModelUpdate train(TrainingTask task) {
                ModelUpdate update = Parallel.alone(() -> host.train(task));
                calls.forget(update);
                return update;
            }

            @Override
            public List<Answer> trainBlock(List<TrainingTask> block) {
                List<Answer> answers = Parallel.alone(() -> host.trainBlock(block));
                answers.forEach(answer -> answer.update().ifPresent(calls::forget));
                return answers;
            }

            @Override
            public ModelUpdate answer(String query, TrainingTask task) {
                ModelUpdate answer = Parallel.alone(() -> host.answer(query, task));
                calls.forget(answer);
                return answer;
            }

            @Override
            public Metrics evaluate(TrainingTask task) {
                return Parallel.alone(() -> host.evaluate(task));
            }

            @Override
            public void close() {
                host.close();
            }
        };
    }

    @Override
    public Metrics evaluate(TrainingTask task) {
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            worker.taskBegins(task);
            return calls.evaluate(factory.create(task.client(), worker), task);
        } finally {
            worker.taskEnded();
        }
    }

    @Override
    public void close() {
        worker.close();
    }
}
