package org.fl4j.model;

import java.util.Optional;

/**
 * How many examples are evaluated at a time. On the CPU, the largest array on the way through the network stays in a
 * core's cache, so that the next layer finds it there. Everywhere, evaluation does not need more memory than training.
 * Metrics are sums over examples, and do not depend on the number but for rounding.
 */
final class EvaluationBatch {
    private static final int MOST_ROWS = 1000;
    private static final long LARGEST_ARRAY = 256L << 20; // bytes
    private static final long CACHE = 2L << 20; // bytes
    private static final int FEWEST_ROWS = 16; // with fewer, calls take longer than what they compute

    /**
     * What a network that is not made of layers is supposed to make of its input: as many channels as wide networks
     * begin with.
     */
    private static final long SUPPOSED_CHANNELS = 64;

    private EvaluationBatch() {}

    /**
     * Returns the number for a task.
     *
     * @param parameters how many the model has: a batch is no smaller than they are, for a program copies some of them
     *     in each call
     */
    static int rows(LearningTask task, long parameters, boolean onCpu) {
        Optional<ExampleForm> output = output(task);
        long largest = Math.max(
                1, output.map(ExampleForm::largest).orElse(task.inputShape().size() * SUPPOSED_CHANNELS));
        long bytes = Float.BYTES * largest;
        long most = LARGEST_ARRAY / bytes;
        if (onCpu && output.isPresent()) {
            most = Math.min(most, Math.max(FEWEST_ROWS, Math.max(CACHE / bytes, parameters / largest)));
        }
        return (int) Math.max(1, Math.min(MOST_ROWS, most));
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
