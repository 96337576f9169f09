package org.fl4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Whether a network trains on a batch of one example. Batch normalisation of vectors does not: one value has no
 * variance, and PyTorch either refuses the batch or makes the running variance NaN for ever. Thread-safe.
 */
final class SingleRows {
    private final boolean ofLayers;
    private final AtomicReference<Boolean> train = new AtomicReference<>();

    SingleRows(LearningTask task) {
        ofLayers = task.architecture() instanceof Network; // whose batch normalisation knows what to do
    }

    /** Returns whether the network trains on one example, found out by its effect. Parameters stay as they are. */
    boolean train(LocalModel model, NDArray example) {
        if (ofLayers) {
            return true;
        }
        Boolean known = train.get();
        if (known == null) {
            known = trySingle(model, example);
            train.set(known);
        }
        return known;
    }

    private static boolean trySingle(LocalModel model, NDArray example) {
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            boolean[] finite = {false};
            try {
                model.aside(() -> {
                    model.forward(example, /* training= */ true);
                    finite[0] = model.parameters().isFinite();
                });
            } catch (RuntimeException e) { // PyTorch: expected more than 1 value per channel
                return false;
            }
            return finite[0];
        }
    }
}
