package org.fl4j.server;

import org.fl4j.core.ServerOptimizer;
import org.fl4j.core.StrategyState;
import org.fl4j.internal.Check;
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
        Kernels.addScaled(next.trainable(), delta.trainable(), learningRate);
        return new Step(next, state);
    }

    /** Returns a copy of the model with the delta's buffers folded in: what every server optimizer does alike. */
    public static ParameterVector withBuffersOf(ParameterVector model, ParameterVector delta) {
        ParameterVector next = model.copy();
        next.floatBuffers()
                .ifPresent(buffers ->
                        Kernels.addScaled(buffers, delta.floatBuffers().orElseThrow(), 1));
        next.integers().ifPresent(integers -> Kernels.copy(delta.integers().orElseThrow(), integers));
        return next;
    }
}
