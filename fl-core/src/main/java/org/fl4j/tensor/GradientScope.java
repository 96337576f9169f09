package org.fl4j.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;

/**
 * Records operations for differentiation on the current thread, and on no other: unlike DJL's gradient collector, of
 * which a process has one, any number of threads may each have a scope open.
 */
public final class GradientScope implements AutoCloseable {
    private final boolean recordedBefore;

    private GradientScope(boolean recordedBefore) {
        this.recordedBefore = recordedBefore;
    }

    /** Starts recording on this thread. */
    public static GradientScope open() {
        boolean before = JniUtils.isGradMode();
        JniUtils.setGradMode(true);
        return new GradientScope(before);
    }

    /** Computes the gradient of a scalar for every recorded array that requires one, and frees the record. */
    public void backward(NDArray scalar) {
        try (NDArray one = scalar.onesLike()) {
            JniUtils.backward((PtNDArray) scalar, (PtNDArray) one, /* keepGraph= */ false, /* createGraph= */ false);
        }
    }

    /** Returns this thread to the state it was in before. */
    @Override
    public void close() {
        JniUtils.setGradMode(recordedBefore);
    }
}
