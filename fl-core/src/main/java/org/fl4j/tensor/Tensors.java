package org.fl4j.tensor;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.Buffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import org.fl4j.internal.Check;
import org.fl4j.internal.Sha256;

/**
 * Makes tensors that own their memory. An array that DJL makes from a Java buffer on the CPU borrows the buffer, and a
 * view of it does not keep the buffer alive; these copy, so that views are safe.
 */
public final class Tensors {
    private Tensors() {}

    /** Returns a tensor with the buffer's values. */
    public static NDArray create(NDManager manager, Buffer values, Shape shape, DataType type) {
        try (NDArray borrowed = manager.create(values, shape, type)) {
            return borrowed.duplicate();
        }
    }

    /** Returns a float32 tensor of the given shape. */
    public static NDArray create(NDManager manager, float[] values, Shape shape) {
        return create(manager, FloatBuffer.wrap(values), shape, DataType.FLOAT32);
    }

    /** Returns the SHA-256 of the arrays' bytes, one after another, in hexadecimal digits. */
    public static String sha256(Iterable<NDArray> arrays) {
        Check.that(
                ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN,
                "byte order",
                "little-endian",
                ByteOrder.nativeOrder());
        Sha256 hash = new Sha256();
        arrays.forEach(array -> hash.add(array.toByteBuffer()));
        return hash.hex();
    }

    /** Returns a copy of the array on a device, with memory of its own wherever the array lies. */
    public static NDArray copy(NDArray array, Device device) {
        // toDevice returns the same memory where the device is the same, even if asked for a copy
        return array.getDevice().equals(device) ? array.duplicate() : array.toDevice(device, false);
    }

    /** Returns an int64 vector. */
    public static NDArray create(NDManager manager, long[] values) {
        return create(manager, LongBuffer.wrap(values), new Shape(values.length), DataType.INT64);
    }

    /** Returns an int64 vector of row indices. */
    public static NDArray indices(NDManager manager, int[] rows) {
        long[] values = new long[rows.length];
        for (int i = 0; i < rows.length; i++) {
            values[i] = rows[i];
        }
        return create(manager, values);
    }
}
