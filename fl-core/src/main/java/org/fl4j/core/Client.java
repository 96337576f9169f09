package org.fl4j.core;

import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;

/**
 * A participant that holds data and trains on them. A client object is made on demand for one task and used by one
 * thread; what must survive between rounds does not live in it. Throwing is allowed: the run's failure policy decides,
 * and the exception is reported with round and client.
 */
public interface Client {
    /** Returns who this is. */
    ClientId id();

    /** Trains from the task's model on this client's data and returns what changed. */
    ModelUpdate train(TrainingTask task);

    /**
     * Answers a query of a server: an update without a delta.
     *
     * @param query the name of what is asked
     * @throws UnsupportedOperationException if the client does not answer queries, which is the default
     */
    default ModelUpdate answer(String query, TrainingTask task) {
        throw new UnsupportedOperationException("client must answer " + query + ", but answers no queries");
    }

    /** Evaluates the task's model on this client's evaluation data; metric names say the split. */
    Metrics evaluate(TrainingTask task);
}
