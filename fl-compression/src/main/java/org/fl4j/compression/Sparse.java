package org.fl4j.compression;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.Tensors;

/** Some values of a vector; the others are zero. */
final class Sparse {
    private final int[] positions;
    private final float[] values;

    /** Takes positions in ascending order, and as many values. */
    Sparse(int[] positions, float... values) {
        this.positions = positions;
        this.values = values;
    }

    /** A code of few values, which can be added up without all those that are zero. */
    interface Code extends VectorCode {
        /** Reads what {@link #read} returns, without the zeros. */
        Sparse readSparse(int size, BitReader in);

        @Override
        default float[] read(int size, BitReader in) {
            Sparse some = readSparse(size, in);
            return scatter(size, some.positions, some.values);
        }
    }

    /** Adds the values, times a number, to a tensor with the elements of the vector. */
    void addTo(NDArray vector, double factor) {
        NDManager manager = vector.getManager();
        try (NDArray indices = Tensors.indices(manager, positions);
                NDArray some = Tensors.create(manager, values, new Shape(values.length))) {
            Kernels.addAt(vector, indices, some, factor);
        }
    }

    static float[] gather(float[] vector, int... positions) {
        float[] values = new float[positions.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = vector[positions[i]];
        }
        return values;
    }

    static float[] scatter(int size, int[] positions, float... values) {
        float[] vector = new float[size];
        for (int i = 0; i < positions.length; i++) {
            vector[positions[i]] = values[i];
        }
        return vector;
    }
}
