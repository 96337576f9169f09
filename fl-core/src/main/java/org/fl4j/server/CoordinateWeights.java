package org.fl4j.server;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.types.DataType;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Slice;

/**
 * How much was added to each coordinate of a sum, where some updates are of slices. In float64, for float32 would stop
 * counting at 2^24.
 *
 * @param ofEach shape (floatCount)
 */
record CoordinateWeights(NDArray ofEach) {
    /** Begins with one weight for all coordinates of a model. */
    static CoordinateWeights of(ParameterVector model, double weight) {
        NDArray ofEach = model.floats().getManager().zeros(model.floats().getShape(), DataType.FLOAT64);
        ofEach.addi(weight);
        return new CoordinateWeights(ofEach);
    }

    /** Counts what was added to all coordinates. */
    void add(double weight) {
        ofEach.addi(weight);
    }

    /** Adds the delta of a slice to a sum, and counts its coordinates. */
    void addSlice(NDArray sum, Slice slice, ParameterLayout whole, ParameterVector delta, double weight) {
        try (NDArray positions = slice.positions(whole, sum.getManager());
                NDArray ones = sum.getManager().ones(positions.getShape(), DataType.FLOAT64)) {
            Kernels.addAt(sum, positions, delta.floats(), weight);
            Kernels.addAt(ofEach, positions, ones, weight);
        }
    }

    /** Adds the weights of another sum. */
    void add(CoordinateWeights other, double scale) {
        try (NDArray scaled = other.ofEach.mul(scale)) {
            ofEach.addi(scaled);
        }
    }

    /** Returns which coordinates were counted: boolean. */
    NDArray covered() {
        return ofEach.gt(0);
    }

    /** Divides a sum by the weights, where there are any. */
    void divide(NDArray sum) {
        NDArray divisors = NDArrays.where(covered(), ofEach, ofEach.onesLike());
        Kernels.copy(sum.toType(DataType.FLOAT64, /* copy= */ false).divi(divisors), sum);
    }
}
