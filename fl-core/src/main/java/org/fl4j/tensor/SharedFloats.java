package org.fl4j.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.function.Consumer;

/**
 * A float32 vector that Java writes and reads without a native call: on the CPU its tensor shares the memory of a
 * buffer. For one thread; what is behind the length that was asked for last is undefined.
 */
public final class SharedFloats {
    private static final int BLOCK = 1024;

    private final NDManager manager;
    private final boolean shared;
    private FloatBuffer memory = FloatBuffer.allocate(0);
    private NDArray tensor;

    /** Makes an empty vector on the manager's device. */
    public SharedFloats(NDManager manager) {
        this.manager = manager;
        shared = !manager.getDevice().isGpu();
    }

    /** Returns a tensor at least as long, with undefined values, the same one each time if it is long enough. */
    public NDArray tensor(int length) {
        if (tensor == null || tensor.size() < length) {
            long grown = Math.max(length, Math.min(2L * memory.capacity(), Integer.MAX_VALUE / Float.BYTES));
            ByteBuffer bytes = ByteBuffer.allocateDirect(Math.toIntExact(Math.max(64, grown * Float.BYTES)))
                    .order(ByteOrder.nativeOrder());
            NDArray before = tensor;
            Shape shape = new Shape(bytes.capacity() / Float.BYTES);
            tensor = shared ? manager.create(bytes, shape, DataType.FLOAT32) : manager.create(shape, DataType.FLOAT32);
            NDScope.unregister(tensor);
            memory = bytes.asFloatBuffer();
            if (before != null) {
                before.close();
            }
        }
        return tensor;
    }

    /** Writes values to the front and returns a tensor at least as long. */
    public NDArray fill(float... values) {
        NDArray filled = tensor(values.length);
        memory.put(0, values);
        return written(filled, values.length);
    }

    /**
     * Writes so many values as they are asked for, a block at a time, and returns them as a vector.
     *
     * @param blocks is given an array, and replaces all of its elements
     */
    public NDArray fill(int length, Consumer<float[]> blocks) {
        NDArray filled = tensor(length);
        float[] block = new float[Math.min(BLOCK, length)];
        for (int from = 0; from < length; from += block.length) {
            blocks.accept(block);
            memory.put(from, block, 0, Math.min(block.length, length - from));
        }
        return Kernels.narrow(written(filled, length), 0, length);
    }

    private NDArray written(NDArray filled, int length) {
        if (!shared && length > 0) {
            float[] values = new float[length];
            memory.get(0, values);
            try (NDArray copy = manager.create(values)) {
                copy.copyTo(filled.get(":" + length));
            }
        }
        return filled;
    }

    /** Reads values from the front. */
    public float[] read(int length) {
        float[] values = new float[length];
        if (!shared && length > 0) {
            return tensor.get(":" + length).toFloatArray();
        }
        memory.get(0, values);
        return values;
    }
}
