package org.fl4j.model;

import ai.djl.ndarray.types.Shape;

/**
 * Makes the learning task of a data set: a network for its examples, with loss and metrics. It has a name, so that
 * experiments can be declared with your own model: see {@link org.fl4j.registry.StrategyProvider}.
 */
@FunctionalInterface
public interface ModelFactory {
    /**
     * Returns the task.
     *
     * @param inputShape the shape of one example, without the batch
     * @param classes how many classes there are, at least 2
     * @throws IllegalArgumentException if the model cannot take such examples
     */
    LearningTask task(Shape inputShape, int classes);
}
