package org.fl4j.simulation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import java.util.List;
import org.fl4j.client.ClientFactory;
import org.fl4j.client.ClientHost;
import org.fl4j.client.Worker;
import org.fl4j.core.UpdateTransform;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Slot;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;

/**
 * Clients on one worker of this process.
 *
 * @param worker what clients compute with
 * @param factory makes clients
 * @param transform what is done to their updates
 * @param encoding how deltas travel
 * @param calls holds clients to their rules
 */
record WorkerHost(Worker worker, ClientFactory factory, UpdateTransform transform, Encoding encoding, ClientCall calls)
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
        } finally {
            worker.taskEnded();
        }
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
                ModelUpdate update = host.train(task);
                calls.forget(update);
                return update;
            }

            @Override
            public ModelUpdate answer(String query, TrainingTask task) {
                ModelUpdate answer = host.answer(query, task);
                calls.forget(answer);
                return answer;
            }

            @Override
            public Metrics evaluate(TrainingTask task) {
                return host.evaluate(task);
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
