package org.fl4j.client;

import ai.djl.ndarray.NDArray;
import org.fl4j.message.TrainingTask;

/**
 * One step of local training between its backward pass and its optimizer step. A hook may change the gradient in place.
 * Arrays are valid until the step is taken.
 *
 * <p>Arrays are compared by identity, so that two are equal only if they hold the same arrays.
 *
 * @param task what the client was asked
 * @param parameters the trainable parameters now, in which the client trains: float32, shape (trainableCount)
 * @param received the trainable parameters the client started from, the same shape
 * @param batch the examples of this step
 * @param gradient of the batch's mean loss, the same shape
 */
public record LocalStep(TrainingTask task, NDArray parameters, NDArray received, LocalBatch batch, NDArray gradient) {
    /** Returns 0 for the first step, 1 for the next one and so on. */
    public int number() {
        return batch.step();
    }
}
