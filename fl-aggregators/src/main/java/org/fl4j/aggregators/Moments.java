package org.fl4j.aggregators;

import ai.djl.ndarray.NDArray;
import org.fl4j.core.ServerOptimizer.Step;
import org.fl4j.core.StrategyState;
import org.fl4j.internal.Check;
import org.fl4j.server.AddDelta;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterVector;

/** What the adaptive server optimizers of Reddi et al. 2021 (arXiv 2003.00295, algorithm 2) have in common. */
final class Moments {
    private Moments() {}

    /** Moves the second moment in place by the squared delta: where the three algorithms differ. */
    @FunctionalInterface
    interface SecondMoment {
        void move(NDArray moment, NDArray delta);
    }

    /**
     * {@code m = beta1 m + (1 - beta1) delta}, then v by its rule, then {@code w += rate m / (sqrt(v) + adaptivity)}; m starts
     * at 0 and v at adaptivity squared.
     */
    static Step step(
            String name,
            ParameterVector model,
            ParameterVector delta,
            StrategyState state,
            SecondMoment second,
            Rates rates) {
        NDArray change = delta.trainable();
        NDArray mean = copyOrFill(state, name + "/m", change, 0);
        NDArray square = copyOrFill(state, name + "/v", change, rates.adaptivity() * rates.adaptivity());
        Kernels.decayAndAdd(mean, rates.beta1(), change, 1 - rates.beta1());
        second.move(square, change);
        ParameterVector next = AddDelta.withBuffersOf(model, delta);
        Kernels.addAdaptive(next.trainable(), mean, square, rates.learningRate(), rates.adaptivity());
        return new Step(next, state.with(name + "/m", mean).with(name + "/v", square));
    }

    /** What the step needs beside the second moment. */
    record Rates(double learningRate, double beta1, double adaptivity) {
        Rates {
            Check.positive("serverLearningRate", learningRate);
            Check.fraction("beta1", beta1);
            Check.positive("adaptivity", adaptivity);
        }
    }

    static NDArray copyOrFill(StrategyState state, String name, NDArray like, double value) {
        return state.tensor(name)
                .map(NDArray::duplicate)
                .orElseGet(() -> like.zerosLike().addi(value));
    }
}
