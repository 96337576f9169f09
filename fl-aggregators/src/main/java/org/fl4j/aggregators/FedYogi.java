package org.fl4j.aggregators;

import org.fl4j.core.ServerOptimizer;
import org.fl4j.internal.Check;
import org.fl4j.message.StrategyState;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.ServerSteps;

/**
 * Yogi on the server (Reddi et al. 2021, arXiv 2003.00295, algorithm 2): {@code m = beta1 m + (1 - beta1) delta};
 * {@code v = v - (1 - beta2) delta^2 sign(v - delta^2)}; {@code w += rate m / (sqrt(v) + adaptivity)}, with m = 0 and v
 * = adaptivity^2 at first and no bias correction. Acts on trainable parameters only.
 *
 * <p>Deviations: none. State is part of the server state: a run starts without, a resumed run goes on with it.
 *
 * @param learningRate the server learning rate, positive
 * @param beta1 in [0, 1)
 * @param beta2 in [0, 1)
 * @param adaptivity tau of the paper, positive
 */
public record FedYogi(double learningRate, double beta1, double beta2, double adaptivity) implements ServerOptimizer {
    /** Checks all. */
    public FedYogi {
        Moments.check(learningRate, beta1, adaptivity);
        Check.fraction("beta2", beta2);
    }

    /** Takes the betas of the paper, 0.9 and 0.99, and adaptivity 1e-3. */
    public FedYogi(double learningRate) {
        this(learningRate, .9, .99, 1e-3);
    }

    @Override
    public Step step(ParameterVector model, ParameterVector delta, StrategyState state) {
        return Moments.step(
                "fedyogi",
                model,
                delta,
                state,
                adaptivity * adaptivity,
                ServerSteps::yogi,
                learningRate,
                adaptivity,
                beta1,
                beta2);
    }
}
