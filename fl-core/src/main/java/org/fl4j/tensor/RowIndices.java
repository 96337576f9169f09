package org.fl4j.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A vector of row indices that is filled again and again without a native call: on the CPU its tensor shares the memory
 * that Java writes. For one thread; the tensor is valid until the next fill.
 */
public final class RowIndices {
    private final NDManager manager;
    private ByteBuffer memory = ByteBuffer.allocateDirect(0);
    private NDArray tensor;

    /** Makes an empty vector on the manager's device. */
    public RowIndices(NDManager manager) {
        this.manager = manager;
    }

    /** Writes indices to the front and returns an int64 tensor at least as long. */
    public NDArray fill(int[] rows) {
        int bytes = rows.length * Long.BYTES;
        boolean shared = !manager.getDevice().isGpu();
        if (bytes > memory.capacity() || (shared && tensor == null)) {
            memory = ByteBuffer.allocateDirect(Math.max(64, 2 * bytes)).order(ByteOrder.nativeOrder());
            if (shared) {
                Shape shape = new Shape(memory.capacity() / Long.BYTES);
                tensor = manager.create(memory, shape, DataType.INT64);
                ParameterVector.keep(tensor, manager);
            }
        }
        for (int i = 0; i < rows.length; i++) {
            memory.putLong(i * Long.BYTES, rows[i]);
        }
        return shared
                ? tensor
                : manager.create(
                        memory.slice(0, bytes).order(ByteOrder.nativeOrder()), new Shape(rows.length), DataType.INT64);
    }
}
