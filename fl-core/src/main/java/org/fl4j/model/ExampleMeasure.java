package org.fl4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Optional;
import org.fl4j.internal.Check;

/**
 * Measures a prediction against its label, one number an example: a loss, or a metric such as accuracy. Several threads
 * call it at once.
 */
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

    /**
     * Returns what is wrong with some labels, in words such as {@code labels must be int64, but were float32}; nothing
     * if they can be used. Runs ask before the first round. By default nothing is known to be wrong.
     *
     * @param prediction the shape of the model's output for one example, without the batch
     * @param labels all labels of a data set, shape (n, ...), n at least 1
     */
    default Optional<String> fault(Shape prediction, NDArray labels) {
        return Optional.empty();
    }

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
        public Optional<String> fault(Shape prediction, NDArray labels) {
            if (prediction.dimension() != 1) {
                return Optional.of("outputs of the model must be of shape (n, classes), but are "
                        + new Shape(-1).addAll(prediction) + ", where -1 stands for n");
            }
            if (labels.getDataType() != DataType.INT64 || labels.getShape().dimension() != 1) {
                return Optional.of("labels must be int64 of shape (n), but are " + labels.getDataType() + " of shape "
                        + labels.getShape());
            }
            long smallest = labels.min().getLong();
            if (smallest < 0) {
                return Optional.of("labels must be at least 0, but the smallest is " + smallest);
            }
            long largest = labels.max().getLong();
            return largest < prediction.get(0)
                    ? Optional.empty()
                    : Optional.of("outputs of the model must be at least " + (largest + 1)
                            + ", as the largest label is " + largest + ", but were " + prediction.get(0));
        }

        @Override
        public NDArray perExample(NDArray predictions, NDArray labels) {
            return predictions
                    .logSoftmax(-1)
                    .gather(labels.expandDims(1), 1)
                    .neg()
                    .squeeze(1);
        }
    }

    /**
     * Cross-entropy at each position of a sequence, in nats, averaged over the example's positions that count: logits
     * of shape (n, positions, classes), int64 labels (n, positions), of which those that are {@link #NO_LABEL} do not
     * count. An example without any has the loss 0.
     */
    record TokenCrossEntropy() implements ExampleMeasure {
        @Override
        public Optional<String> fault(Shape prediction, NDArray labels) {
            return Tokens.fault(prediction, labels);
        }

        @Override
        public NDArray perExample(NDArray predictions, NDArray labels) {
            NDArray picked = predictions
                    .logSoftmax(-1)
                    .gather(labels.maximum(0).expandDims(2), 2)
                    .neg()
                    .squeeze(2);
            return Tokens.mean(picked, labels);
        }
    }

    /** A label of a position that does not count, for measures of sequences; PyTorch's {@code ignore_index}. */
    long NO_LABEL = -100;

    /** Returns {@link TokenCrossEntropy}. */
    static ExampleMeasure tokenCrossEntropy() {
        return new TokenCrossEntropy();
    }

    /**
     * Returns the share of an example's positions that count at which the largest logit is the label's, 0 if none
     * counts: logits (n, positions, classes), int64 labels (n, positions).
     */
    static ExampleMeasure tokenAccuracy() {
        return (predictions, labels) ->
                Tokens.mean(predictions.argMax(-1).eq(labels).toType(DataType.FLOAT32, false), labels);
    }

    /** The squared error, averaged over the outputs of an example: labels have the shape of the predictions. */
    record SquaredError() implements ExampleMeasure {
        @Override
        public Optional<String> fault(Shape prediction, NDArray labels) {
            Shape label = labels.getShape().slice(1);
            return label.size() == prediction.size()
                    ? Optional.empty()
                    : Optional.of("labels must have as many values for each example as the model has outputs, "
                            + prediction.size() + ", but have " + label.size());
        }

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

    /**
     * Returns 1 where the label is among the classes of the k largest logits and 0 elsewhere: logits (n, classes),
     * int64 labels (n). Where logits are equal, the order is PyTorch's.
     *
     * @param k at least 1
     */
    static ExampleMeasure topK(int k) {
        Check.positive("k", k);
        return (predictions, labels) -> {
            int largest = (int) Math.min(k, predictions.getShape().get(1));
            return predictions
                    .topK(largest, /* axis= */ 1, /* largest= */ true, /* sorted= */ false)
                    .get(1)
                    .eq(labels.expandDims(1))
                    .toType(DataType.FLOAT32, false)
                    .sum(new int[] {1});
        };
    }
}
