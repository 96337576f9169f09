package org.fl4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.util.function.Supplier;
import org.fl4j.tensor.Tensors;

/**
 * Whether a forward pass gives one answer to one batch. It does not if it draws from libtorch's generator, which all
 * threads share and no seed of a run repeats, or if it remembers earlier batches, which may be those of another client.
 * Found out by the effect, whatever the operators are called.
 */
final class Repeatable {
    private static final int CALLS = 3; // a memory may show from the second call on only

    private Repeatable() {}

    static boolean isSo(Supplier<NDArray> forward) {
        ByteBuffer first = answer(forward);
        for (int call = 1; call < CALLS; call++) {
            if (!answer(forward).equals(first)) {
                return false;
            }
        }
        return true;
    }

    private static ByteBuffer answer(Supplier<NDArray> forward) {
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            return forward.get().toByteBuffer();
        }
    }

    /**
     * Returns a batch that is not all zeros, which dropout leaves as they are; tokens are zeros, for nothing else is
     * known to be one.
     */
    static NDArray input(NDManager manager, Shape batch, DataType type) {
        float[] values = new float[Math.toIntExact(batch.size())];
        for (int i = 0; i < values.length && type == DataType.FLOAT32; i++) {
            values[i] = i % 7 / 7f;
        }
        return Tensors.create(manager, values, batch).toType(type, /* copy= */ false);
    }
}
