package org.fl4j.simulation;

import ai.djl.ndarray.NDScope;
import java.util.HashMap;
import java.util.Map;
import org.fl4j.client.ClientFactory;
import org.fl4j.client.ClientHost;
import org.fl4j.client.Worker;
import org.fl4j.core.ModelUpdate;
import org.fl4j.core.Slot;
import org.fl4j.core.StrategyState;
import org.fl4j.core.TrainingTask;
import org.fl4j.core.UpdateTransform;
import org.fl4j.metrics.Metrics;
import org.fl4j.tensor.ParameterVector;

/**
 * Clients on one worker of this process.
 *
 * @param worker what clients compute with
 * @param factory makes clients
 * @param transform what is done to their updates
 * @param calls holds clients to their rules
 */
record WorkerHost(Worker worker, ClientFactory factory, UpdateTransform transform, ClientCall calls)
        implements ClientHost {
    /** Trains and transforms in a scope: of all that a client makes, its update alone stays until it is folded. */
    @Override
    public ModelUpdate train(TrainingTask task) {
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            ModelUpdate trained = calls.train(factory.create(task.client(), worker), task, worker);
            try {
                ModelUpdate update = transformed(trained, task);
                calls.replace(trained, update);
                return update.keep(worker.updates());
            } catch (RuntimeException | Error e) {
                calls.forget(trained);
                trained.close();
                throw e;
            }
        } finally {
            worker.taskEnded();
        }
    }

    /** A transform may keep something of the client, too. */
    private ModelUpdate transformed(ModelUpdate trained, TrainingTask task) {
        ModelUpdate update = transform.transform(trained, task);
        trained.payload().delta().map(ParameterVector::floats).ifPresent(before -> {
            if (update.payload().delta().map(ParameterVector::floats).orElse(null) != before) {
                before.close(); // integer buffers may have been carried over
            }
        });
        if (trained.kept().isEmpty()) {
            return update;
        }
        Map<Slot, StrategyState> kept = new HashMap<>(trained.kept());
        kept.putAll(update.kept());
        return update.withKept(kept);
    }

    @Override
    public Metrics evaluate(TrainingTask task) {
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
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
