package org.fl4j.aggregators;

import org.fl4j.core.ServerOptimizer;
import org.fl4j.internal.Check;
import org.fl4j.message.StrategyState;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.ServerSteps;

/**
 * Adam on the server (Reddi et al. 2021, arXiv 2003.00295, algorithm 2): {@code m = beta1 m + (1 - beta1) delta};
 * {@code v = beta2 v + (1 - beta2) delta^2}; {@code w += rate m / (sqrt(v) + adaptivity)}, with m = 0 and v =
 * adaptivity^2 at first and no bias correction. Acts on trainable parameters only.
 *
 * <p>With bias correction it is Adam of Kingma and Ba 2015 (arXiv 1412.6980, algorithm 1) on the delta: v = 0 at first,
 * and both moments are divided by one minus their beta to the power of the step.
 *
 * <p>Deviations: none. State is part of the server state: a run starts without, a resumed run goes on with it.
 *
 * @param learningRate the server learning rate, positive
 * @param beta1 in [0, 1)
 * @param beta2 in [0, 1)
 * @param adaptivity tau of the paper, positive
 * @param biasCorrection whether moments are corrected for their start
 */
public record FedAdam(double learningRate, double beta1, double beta2, double adaptivity, boolean biasCorrection)
        implements ServerOptimizer {
    private static final String STEPS = "fedadam/steps";

    /** Checks all. */
    public FedAdam {
        Moments.check(learningRate, beta1, adaptivity);
        Check.fraction("beta2", beta2);
    }

    /** Corrects no bias, as the paper does not. */
    public FedAdam(double learningRate, double beta1, double beta2, double adaptivity) {
        this(learningRate, beta1, beta2, adaptivity, false);
    }

    /** Takes the betas of the paper, 0.9 and 0.99, and adaptivity 1e-3. */
    public FedAdam(double learningRate) {
        this(learningRate, .9, .99, 1e-3);
    }

    @Override
    public Step step(ParameterVector model, ParameterVector delta, StrategyState state) {
        double steps = state.number(STEPS).orElse(0.0) + 1;
        double meanShare = biasCorrection ? 1 - Math.pow(beta1, steps) : 1;
        double root = biasCorrection ? Math.sqrt(1 - Math.pow(beta2, steps)) : 1;
        return Moments.step(
                "fedadam",
                model,
                delta,
                biasCorrection ? state.with(STEPS, steps) : state,
                biasCorrection ? 0 : adaptivity * adaptivity,
                ServerSteps::adam,
                learningRate * root / meanShare,
                adaptivity * root,
                beta1,
                beta2);
    }
}
