package org.fl4j.client;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import org.fl4j.data.ClientExamples;
import org.fl4j.data.Examples;
import org.fl4j.tensor.Tensors;

/** Some of a client's examples, as a step or a gradient takes them. Features and labels are copied when asked for. */
public final class LocalBatch {
    private final int step;
    private final ClientExamples held;
    private final int[] positions;
    private final NDManager manager;
    private Examples examples; // null until somebody asks

    LocalBatch(int step, ClientExamples held, int[] positions, NDManager manager) {
        this.step = step;
        this.held = held;
        this.positions = positions;
        this.manager = manager;
    }

    /** Returns how many steps this local training took before. */
    public int step() {
        return step;
    }

    /** Returns how many examples there are. */
    public int count() {
        return positions.length;
    }

    /** Returns which of the client's examples these are, counted from 0. */
    public int[] positions() {
        return positions.clone();
    }

    /** Returns {@link #positions} as int64 on the examples' device, shape (n). */
    NDArray positionIndices() {
        return indices(positions);
    }

    /** Returns the same, counted in {@link #source}. */
    NDArray rowIndices() {
        return indices(rows());
    }

    private NDArray indices(int... values) {
        return Tensors.indices(manager, values).toDevice(manager.getDevice(), /* copy= */ false);
    }

    private int[] rows() {
        int[] rows = new int[positions.length];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = held.row(positions[i]);
        }
        return rows;
    }

    /** Returns what the client's examples are rows of. */
    Examples source() {
        return held.source();
    }

    /** Returns the examples, in arrays that are freed after the step. */
    public Examples examples() {
        if (examples == null) {
            examples = held.source().rows(rows(), manager);
        }
        return examples;
    }

    /** Returns the features, shape (n, ...). */
    public NDArray features() {
        return examples().features();
    }

    /** Returns the labels, shape (n) or (n, ...). */
    public NDArray labels() {
        return examples().labels();
    }
}
