package org.fl4j.model;

/**
 * How many examples are evaluated at a time: as many as the largest array on the way through the network allows, so
 * that evaluation does not need more memory than training. Metrics are sums over examples, and do not depend on the
 * number but for rounding.
 */
final class EvaluationBatch {
    private static final int MOST_ROWS = 1000;
    private static final long LARGEST_ARRAY = 256L << 20; // bytes

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
        long largest = task.architecture() instanceof Network network
                ? LayerShapes.trace(network.layers(), task.inputShape(), LayerShapes.inputType(network.layers()))
                        .largest()
                : task.inputShape().size() * SUPPOSED_CHANNELS;
        return (int) Math.max(1, Math.min(MOST_ROWS, LARGEST_ARRAY / (Float.BYTES * Math.max(1, largest))));
    }
}
