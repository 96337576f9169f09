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

    /** Returns {@link CrossEntropy}. */
    static ExampleMeasure crossEntropy() {
        return new CrossEntropy();
    }

    /** Returns {@link SquaredError}. */
    static ExampleMeasure squaredError() {
        return new SquaredError();
    }

    /** -log of the softmax probability of the label, in nats: logits of shape (n, classes), int64 labels (n). */
    record CrossEntropy() implements ExampleMeasure {
        @Override
        public NDArray perExample(NDArray predictions, NDArray labels) {
            return predictions
                    .logSoftmax(-1)
                    .gather(labels.expandDims(1), 1)
                    .neg()
                    .squeeze(1);
        }
    }

    /** The squared error, averaged over the outputs of an example: labels have the shape of the predictions. */
    record SquaredError() implements ExampleMeasure {
        @Override
        public NDArray perExample(NDArray predictions, NDArray labels) {
            NDArray error =
                    predictions.sub(labels.reshape(predictions.getShape())).square();
            return error.reshape(error.getShape().get(0), -1).mean(new int[] {1});
        }
    }

    /** Returns 1 where the largest logit is the label's and 0 elsewhere: logits (n, classes), int64 labels (n). */
    static ExampleMeasure accuracy() {
        return (predictions, labels) -> predictions.argMax(-1).eq(labels).toType(DataType.FLOAT32, false);
    }
}
