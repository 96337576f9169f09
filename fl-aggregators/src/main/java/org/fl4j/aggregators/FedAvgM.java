package org.fl4j.aggregators;

import ai.djl.ndarray.NDArray;
import org.fl4j.core.ServerOptimizer;
import org.fl4j.internal.Check;
import org.fl4j.message.StrategyState;
import org.fl4j.server.AddDelta;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterVector;

/**
 * Server momentum (Hsu et al. 2019, arXiv 1909.06335, section 3): {@code v = momentum * v + delta; w += rate * v}, with
 * v = 0 at first.
 *
 * <p>Deviations: none; without momentum it is FedAvg's step.
 *
 * @param learningRate positive
 * @param momentum in [0, 1)
 */
public record FedAvgM(double learningRate, double momentum) implements ServerOptimizer {
    private static final String VELOCITY = "fedavgm/velocity";

    /** Checks both. */
    public FedAvgM {
        Check.positive("serverLearningRate", learningRate);
        Check.fraction("momentum", momentum);
    }

    /** Takes rate 1 and momentum 0.9. */
    public FedAvgM() {
        this(1, .9);
    }

    @Override
    public Step step(ParameterVector model, ParameterVector delta, StrategyState state) {
        NDArray velocity = state.tensor(VELOCITY)
                .map(NDArray::duplicate)
                .orElseGet(() -> delta.trainable().zerosLike());
        Kernels.decayAndAdd(velocity, momentum, delta.trainable(), 1);
        ParameterVector next = AddDelta.withBuffersOf(model, delta);
        Kernels.sum(next.trainable(), model.trainable(), velocity, learningRate);
        return new Step(next, state.with(VELOCITY, velocity));
    }
}
