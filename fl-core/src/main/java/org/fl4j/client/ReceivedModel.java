package org.fl4j.client;

import ai.djl.ndarray.NDArray;
import org.fl4j.model.LocalModel;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterVector;

/**
 * The model that the clients of a block received. It is loaded for a client if the hooks of another have changed it.
 */
final class ReceivedModel {
    private final LocalModel model;
    private final ParameterVector received;
    private boolean isLoaded;
    private long version; // of the local parameters when they were loaded

    ReceivedModel(LocalModel model, ParameterVector received) {
        this.model = model;
        this.received = received;
    }

    LocalModel model() {
        return model;
    }

    ParameterVector received() {
        return received;
    }

    /** Has the local model hold what was received. */
    void load() {
        if (!isLoaded) {
            model.load(received);
            version = Kernels.version(parameters());
            isLoaded = true;
        }
    }

    /** Returns whether the local parameters were written to since. */
    boolean isChanged() {
        isLoaded = Kernels.version(parameters()) == version;
        return !isLoaded;
    }

    /** Has the local model hold what a client has trained to: a row of a matrix more than was received. */
    void loadTrained(NDArray deltas, long row) {
        Kernels.addRow(deltas, row, received.floats(), parameters());
    }

    private NDArray parameters() {
        return model.parameters().floats();
    }
}
