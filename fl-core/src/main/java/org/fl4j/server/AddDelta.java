package org.fl4j.server;

import org.fl4j.core.ServerOptimizer;
import org.fl4j.internal.Check;
import org.fl4j.message.StrategyState;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterVector;

/**
 * The plain server step: model plus learning rate times delta. At rate 1 the new model is the mean of the local ones.
 *
 * @param learningRate the server learning rate, positive
 */
public record AddDelta(double learningRate) implements ServerOptimizer {
    /** Checks the rate. */
    public AddDelta {
        Check.positive("serverLearningRate", learningRate);
    }

    @Override
    public Step step(ParameterVector model, ParameterVector delta, StrategyState state) {
        ParameterVector next = withBuffersOf(model, delta);
        Kernels.sum(next.trainable(), model.trainable(), delta.trainable(), learningRate);
        return new Step(next, state);
    }

    /**
     * Returns a new vector whose buffers are the model's with the delta's folded in, which every server optimizer does
     * alike; its trainable elements are undefined, for the optimizer to write.
     */
    public static ParameterVector withBuffersOf(ParameterVector model, ParameterVector delta) {
        ParameterVector next = model.like();
        next.floatBuffers()
                .ifPresent(buffers -> Kernels.sum(
                        buffers,
                        model.floatBuffers().orElseThrow(),
                        delta.floatBuffers().orElseThrow(),
                        1));
        next.integers().ifPresent(integers -> Kernels.copy(delta.integers().orElseThrow(), integers));
        return next;
    }
}
