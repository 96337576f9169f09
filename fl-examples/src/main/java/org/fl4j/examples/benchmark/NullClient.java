package org.fl4j.examples.benchmark;

import org.fl4j.core.Client;
import org.fl4j.core.ClientId;
import org.fl4j.core.ModelUpdate;
import org.fl4j.core.TrainingTask;
import org.fl4j.metrics.Metrics;

/** Sends back a copy of what it received: what is left is the framework's own work. */
record NullClient(ClientId id) implements Client {
    @Override
    public ModelUpdate train(TrainingTask task) {
        return new ModelUpdate(id, task.modelVersion(), 1, 0, task.model().copy(), Metrics.none());
    }

    @Override
    public Metrics evaluate(TrainingTask task) {
        return Metrics.none();
    }
}
