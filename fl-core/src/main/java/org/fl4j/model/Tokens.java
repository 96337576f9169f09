package org.fl4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Optional;

/** Labels of the positions of sequences, int64 of shape (n, positions), some of which may not count. */
final class Tokens {
    private Tokens() {}

    static Optional<String> fault(Shape prediction, NDArray labels) {
        if (prediction.dimension() != 2) {
            return Optional.of("outputs of the model must be of shape (n, positions, classes), but are "
                    + new Shape(-1).addAll(prediction) + ", where -1 stands for n");
        }
        Shape shape = labels.getShape();
        if (labels.getDataType() != DataType.INT64 || shape.dimension() != 2 || shape.get(1) != prediction.get(0)) {
            return Optional.of("labels must be int64 of shape (n, " + prediction.get(0) + "), but are "
                    + labels.getDataType() + " of shape " + shape);
        }
        try (NDArray faults = labels.lt(0).logicalAnd(labels.neq(ExampleMeasure.NO_LABEL))) {
            if (faults.any().getBoolean()) {
                return Optional.of("labels must be at least 0, or " + ExampleMeasure.NO_LABEL
                        + " where they do not count, but the smallest is "
                        + labels.min().getLong());
            }
        }
        long largest = labels.max().getLong();
        return largest < prediction.get(1)
                ? Optional.empty()
                : Optional.of("outputs of the model must be at least " + (largest + 1) + ", as the largest label is "
                        + largest + ", but were " + prediction.get(1));
    }

    /** Returns the mean over the positions that count, 0 if there are none: float32, shape (n). */
    static NDArray mean(NDArray values, NDArray labels) {
        NDArray counts = labels.gte(0).toType(DataType.FLOAT32, false);
        int[] positions = {1};
        return values.mul(counts).sum(positions).div(counts.sum(positions).maximum(1));
    }
}
