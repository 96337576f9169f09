package org.fl4j.data;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import java.util.List;
import org.fl4j.internal.Check;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Tensors;

/**
 * Examples as two tensors with one row an example.
 *
 * <p>Arrays are compared by identity, so that two are equal only if they hold the same arrays.
 *
 * @param features float32 (or int64 tokens), shape (n, ...)
 * @param labels int64 class indices of shape (n), or float32 targets of shape (n, ...)
 */
public record Examples(NDArray features, NDArray labels) implements AutoCloseable {
    /** Checks that both have the same number of rows, and types that models can be trained on. */
    public Examples {
        requireType("features", features, "float32, or int64 for tokens");
        requireType("labels", labels, "int64 for classes, or float32 for other targets");
        Check.that(
                features.getShape().dimension() > 0 && labels.getShape().dimension() > 0,
                "features and labels",
                "arrays with one row an example",
                "scalars");
        Check.that(
                features.getShape().get(0) == labels.getShape().get(0),
                "labels",
                "as many as the " + features.getShape().get(0) + " rows of features",
                labels.getShape());
    }

    private static void requireType(String name, NDArray array, String rule) {
        DataType type = Check.present(name, array).getDataType();
        Check.that(type == DataType.FLOAT32 || type == DataType.INT64, "type of " + name, rule, type);
    }

    /**
     * Checks that nobody has closed the arrays.
     *
     * @throws IllegalStateException if somebody has; the message names the array and says what may keep it open
     */
    public void requireOpen() {
        for (NDArray array : List.of(features, labels)) {
            if (array.isReleased()) {
                throw new IllegalStateException((array == features ? "features" : "labels")
                        + " of the examples must be open, but were closed. Arrays that are made while a scope"
                        + " is open are closed"
                        + " with it; Examples.keep(manager) keeps them");
            }
        }
    }

    /** Returns the number of examples. */
    public int count() {
        return Math.toIntExact(features.getShape().get(0));
    }

    /** Returns copies of the given rows, in their order, attached to the manager; a row may be named more than once. */
    public Examples rows(int[] rows, NDManager manager) {
        try (NDArray indices = Tensors.indices(manager, rows).toDevice(features.getDevice(), /* copy= */ false)) {
            return new Examples(Kernels.rows(manager, features, indices), Kernels.rows(manager, labels, indices));
        }
    }

    /** Returns copies of the examples of all parts, one after another; at least one part, all of one shape and type. */
    public static Examples joined(List<Examples> parts) {
        NDArray features = NDArrays.concat(
                new NDList(parts.stream().map(Examples::features).toList()));
        NDArray labels =
                NDArrays.concat(new NDList(parts.stream().map(Examples::labels).toList()));
        return new Examples(features, labels);
    }

    /** Returns {@code count} examples from row {@code from}, as views. */
    public Examples slice(int from, int count) {
        return new Examples(Kernels.narrow(features, from, count), Kernels.narrow(labels, from, count));
    }

    /** Returns these examples on the device: themselves if they are there, otherwise a copy. */
    public Examples on(Device device) {
        return new Examples(features.toDevice(device, false), labels.toDevice(device, false));
    }

    /** Takes the tensors out of the open scope and hands them to a manager. */
    public Examples keep(NDManager manager) {
        ParameterVector.keep(features, manager);
        ParameterVector.keep(labels, manager);
        return this;
    }

    /**
     * Returns the labels as numbers, for partitioners.
     *
     * @throws IllegalArgumentException if the labels are not int64 of shape (n)
     */
    public int[] classIndices() {
        Check.that(
                hasClasses(), "labels", "int64 of shape (n)", labels.getDataType() + " of shape " + labels.getShape());
        long[] values = labels.toLongArray();
        int[] classes = new int[values.length];
        for (int i = 0; i < classes.length; i++) {
            classes[i] = Math.toIntExact(values[i]);
        }
        return classes;
    }

    /** Returns whether the labels are class indices: int64 of shape (n). */
    boolean hasClasses() {
        return labels.getDataType().isInteger() && labels.getShape().dimension() == 1;
    }

    /** Frees the tensors now. */
    @Override
    public void close() {
        features.close();
        labels.close();
    }
}
