package org.fl4j.client;

import ai.djl.ndarray.NDArray;
import org.fl4j.data.Examples;
import org.fl4j.message.TrainingTask;

/**
 * One step of local training between its backward pass and its optimizer step. A hook may change the gradient in place.
 *
 * <p>Arrays are compared by identity, so that two are equal only if they hold the same arrays.
 *
 * @param task what the client was asked
 * @param number 0 for the first step
 * @param parameters the trainable parameters now: float32, shape (trainableCount)
 * @param received the trainable parameters the client started from, the same shape
 * @param batch the examples of this step
 * @param gradient of the batch's mean loss, the same shape
 */
public record LocalStep(
        TrainingTask task, int number, NDArray parameters, NDArray received, Examples batch, NDArray gradient) {}
