package org.fl4j.examples.benchmark;

import org.fl4j.core.Client;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.tensor.ParameterVector;

/**
 * Sends back that nothing changes: what is left is the framework's own work. Zeros keep the model as it is for any
 * number of rounds, where another delta would let it grow until updates are rejected as infinite.
 */
record NullClient(ClientId id) implements Client {
    @Override
    public ModelUpdate train(TrainingTask task) {
        ParameterVector model = task.model();
        ParameterVector zeros = model.minus(model, model.floats().getManager());
        return new ModelUpdate(id, task.modelVersion(), 1, 0, zeros, Metrics.none());
    }

    @Override
    public Metrics evaluate(TrainingTask task) {
        return Metrics.none();
    }
}
