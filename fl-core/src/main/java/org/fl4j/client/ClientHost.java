package org.fl4j.client;

import org.fl4j.message.ModelUpdate;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;

/**
 * Where clients are made and called, one after another: a device, its model, the clients' data, and what is done to
 * updates before they are sent. For one thread at a time. See {@link ClientProgram}.
 */
public interface ClientHost extends AutoCloseable {
    /**
     * Has the task's client train, and transforms its update.
     *
     * @return what is sent, with what the client keeps; its arrays belong to the caller
     * @throws RuntimeException if the client, or a transform, fails or breaks a rule
     */
    ModelUpdate train(TrainingTask task);

    /**
     * Has the task's client answer a query.
     *
     * @return the answer, whose arrays belong to the caller
     * @throws RuntimeException if the client fails or breaks a rule
     */
    ModelUpdate answer(String query, TrainingTask task);

    /**
     * Has the task's client evaluate.
     *
     * @throws RuntimeException if the client fails or breaks a rule
     */
    Metrics evaluate(TrainingTask task);

    /** Frees what the host has opened. */
    @Override
    void close();
}
