package org.fl4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;

/** Measures a prediction against its label, one number an example: a loss, or a metric such as accuracy. */
@FunctionalInterface
public interface ExampleMeasure {
    /**
     * Returns one number an example.
     *
     * @param predictions the model's output, shape (n, ...)
     * @param labels shape (n, ...)
     * @return float32, shape (n)
     */
    NDArray perExample(NDArray predictions, NDArray labels);

    /** Returns -log of the softmax probability of the label, in nats: logits of shape (n, classes), int64 labels (n). */
    static ExampleMeasure crossEntropy() {
        return (predictions, labels) ->
                predictions.logSoftmax(-1).gather(labels.expandDims(1), 1).neg().squeeze(1);
    }

    /** Returns the squared error, averaged over the outputs of an example: both of shape (n, outputs). */
    static ExampleMeasure squaredError() {
        return (predictions, labels) -> {
            NDArray error =
                    predictions.sub(labels.reshape(predictions.getShape())).square();
            return error.reshape(error.getShape().get(0), -1).mean(new int[] {1});
        };
    }

    /** Returns 1 where the largest logit is the label's and 0 elsewhere: logits (n, classes), int64 labels (n). */
    static ExampleMeasure accuracy() {
        return (predictions, labels) -> predictions.argMax(-1).eq(labels).toType(DataType.FLOAT32, false);
    }
}
