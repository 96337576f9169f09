package org.fl4j.client;

import ai.djl.ndarray.NDArray;
import java.util.Map;
import org.fl4j.data.ClientExamples;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.LocalModel;

/**
 * What a client answers to a query of a name. Found by that name, so that clients in other processes answer too: add it
 * with a {@link org.fl4j.registry.StrategyProvider}. Pure; called by several threads at once.
 */
@FunctionalInterface
public interface ClientQuery {
    /**
     * Computes an answer, on the client.
     *
     * @param task what the client was sent with the query
     * @param model the worker's model, which holds the task's
     * @param examples what the client trains on
     * @return arrays by name, float32 and finite, of the answer's own
     */
    Map<String, NDArray> answer(TrainingTask task, LocalModel model, ClientExamples examples);
}
