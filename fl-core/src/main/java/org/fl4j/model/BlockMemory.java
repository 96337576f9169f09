package org.fl4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.SharedFloats;

/**
 * What a worker's blocks of one size compute in. It is used again and again, because to touch fresh memory costs more
 * than to train a small model.
 */
final class BlockMemory implements AutoCloseable {
    private final NDManager manager;
    private final NDArray parameters;
    private final NDArray gradients;
    private final NDList states = new NDList();
    private final NDArray deltas;
    private final Map<String, NDArray> matrices = new HashMap<>(); // of clients' own vectors
    private NDArray features; // of all clients in a step
    private final SharedFloats shares;
    private final SharedFloats losses;
    private final SharedFloats sums;

    /**
     * Which memory fits.
     *
     * @param clients how many there are in the block
     * @param gradients whether gradients are collected
     * @param states how many vectors of state there are
     */
    record Kind(int clients, boolean gradients, int states) {}

    BlockMemory(Kind kind, long parameterCount, NDManager parent) {
        manager = parent.newSubManager();
        Shape all = new Shape(kind.clients() * parameterCount);
        parameters = kept(all, DataType.FLOAT32);
        gradients = kind.gradients() ? kept(all, DataType.FLOAT32) : parameters;
        for (int i = 0; i < kind.states(); i++) {
            states.add(kept(all, DataType.FLOAT32));
        }
        deltas = kept(new Shape(kind.clients(), parameterCount), DataType.FLOAT32);
        features = kept(new Shape(0), DataType.FLOAT32);
        shares = new SharedFloats(manager);
        losses = new SharedFloats(manager);
        sums = new SharedFloats(manager);
    }

    private NDArray kept(Shape shape, DataType type) {
        NDArray array = manager.create(shape, type);
        ParameterVector.keep(array, manager);
        return array;
    }

    NDArray parameters() {
        return parameters;
    }

    NDArray gradients() {
        return gradients;
    }

    NDList states() {
        return states;
    }

    NDArray deltas() {
        return deltas;
    }

    /** Returns an array for so many rows of examples, or more. */
    NDArray features(long rows, NDArray examples) {
        Shape example = examples.getShape().slice(1);
        boolean fits = features.getDataType() == examples.getDataType()
                && features.getShape().slice(1).equals(example)
                && features.getShape().get(0) >= rows;
        if (!fits) {
            features.close();
            features = kept(new Shape(Math.max(1, rows)).addAll(example), examples.getDataType());
        }
        return features;
    }

    /** Returns vectors as the rows of a matrix, or the one vector that takes their place if there are none. */
    NDArray rows(String name, List<NDArray> vectors, NDArray otherwise) {
        if (vectors.isEmpty()) {
            return otherwise;
        }
        NDArray matrix = matrices.computeIfAbsent(name, any -> kept(deltas.getShape(), DataType.FLOAT32));
        Kernels.stack(vectors, matrix);
        return matrix;
    }

    SharedFloats shares() {
        return shares;
    }

    SharedFloats losses() {
        return losses;
    }

    SharedFloats sums() {
        return sums;
    }

    @Override
    public void close() {
        manager.close();
    }
}
