package org.fl4j.aggregators;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import org.fl4j.core.ServerOptimizer.Step;
import org.fl4j.internal.Check;
import org.fl4j.message.StrategyState;
import org.fl4j.server.AddDelta;
import org.fl4j.tensor.ParameterVector;

/** What the adaptive server optimizers of Reddi et al. 2021 (arXiv 2003.00295, algorithm 2) have in common. */
final class Moments {
    private Moments() {}

    /** The blockwise step: where the three algorithms differ. */
    @FunctionalInterface
    interface Kernel {
        void step(NDList next, NDList now, NDArray delta, double... numbers);
    }

    /**
     * {@code m = beta1 m + (1 - beta1) delta}, v by the kernel's rule, {@code w += rate m / (sqrt(v) + adaptivity)}; m
     * starts at 0 and v at {@code start}.
     *
     * @param numbers rate, adaptivity, beta1 and, where the rule has it, beta2
     */
    static Step step(
            String name,
            ParameterVector model,
            ParameterVector delta,
            StrategyState state,
            double start,
            Kernel kernel,
            double... numbers) {
        NDArray change = delta.trainable();
        NDArray mean = state.tensor(name + "/m").orElseGet(change::zerosLike);
        NDArray square =
                state.tensor(name + "/v").orElseGet(() -> change.zerosLike().addi(start));
        NDArray nextMean = change.getManager().create(change.getShape());
        NDArray nextSquare = change.getManager().create(change.getShape());
        ParameterVector next = AddDelta.withBuffersOf(model, delta);
        kernel.step(
                new NDList(next.trainable(), nextMean, nextSquare),
                new NDList(model.trainable(), mean, square),
                change,
                numbers);
        return new Step(next, state.with(name + "/m", nextMean).with(name + "/v", nextSquare));
    }

    static void check(double learningRate, double beta1, double adaptivity) {
        Check.positive("serverLearningRate", learningRate);
        Check.fraction("beta1", beta1);
        Check.positive("adaptivity", adaptivity);
    }
}
