package org.fl4j.model;

import java.util.Optional;

/**
 * How many examples are evaluated at a time: as many as keep the largest array on the way through the network in a
 * core's cache, and never so many that evaluation needs more memory than training. Metrics are sums over examples, and
 * do not depend on the number but for rounding.
 */
final class EvaluationBatch {
    private static final int MOST_ROWS = 1000;
    private static final long LARGEST_ARRAY = 256L << 20; // bytes
    private static final long CACHE = 2L << 20; // bytes of an array that the next layer finds in a core's cache
    private static final int FEW_ROWS = 16; // so many are worth the calls

    /**
     * What a network that is not made of layers is supposed to make of its input: as many channels as wide networks
     * begin with.
     */
    private static final long SUPPOSED_CHANNELS = 64;

    private EvaluationBatch() {}

    /**
     * Returns the number for a task.
     *
     * @throws IllegalArgumentException if a layer does not fit the task's examples
     */
    static int rows(LearningTask task) {
        long largest =
                output(task).map(ExampleForm::largest).orElse(task.inputShape().size() * SUPPOSED_CHANNELS);
        long bytes = Float.BYTES * Math.max(1, largest);
        long rows = Math.min(Math.max(FEW_ROWS, CACHE / bytes), LARGEST_ARRAY / bytes);
        return (int) Math.max(1, Math.min(MOST_ROWS, rows));
    }

    /**
     * Returns what becomes of an example, if the network is made of layers.
     *
     * @throws IllegalArgumentException if a layer does not fit the task's examples
     */
    static Optional<ExampleForm> output(LearningTask task) {
        return task.architecture() instanceof Network network
                ? Optional.of(
                        LayerShapes.trace(network.layers(), task.inputShape(), LayerShapes.inputType(network.layers())))
                : Optional.empty();
    }
}
