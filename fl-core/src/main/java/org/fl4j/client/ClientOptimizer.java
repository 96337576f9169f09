package org.fl4j.client;

import ai.djl.ndarray.NDArray;
import org.fl4j.internal.Check;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.internal.StepLines;

/** How a client turns gradients into steps. Its state starts at zero in every round. */
public sealed interface ClientOptimizer {
    /** Starts a local training on parameters of this shape and device. */
    Stepper start(NDArray parameters);

    /** Adds the same step to a compiled program. */
    void write(StepLines lines);

    /** An optimizer at work on one client. */
    @FunctionalInterface
    interface Stepper {
        /** Moves the parameters in place; may change the gradient's values. Both float32, shape (trainableCount). */
        void step(NDArray parameters, NDArray gradient, double learningRate);
    }

    /**
     * Stochastic gradient descent, as in PyTorch: {@code g += weightDecay * w; b = momentum * b + g; w -= rate * b}.
     *
     * @param momentum in [0, 1)
     * @param weightDecay at least 0
     */
    record Sgd(double momentum, double weightDecay) implements ClientOptimizer {
        /** Checks both. */
        public Sgd {
            Check.fraction("momentum", momentum);
            Check.notNegative("weightDecay", weightDecay);
        }

        @Override
        public Stepper start(NDArray parameters) {
            if (momentum == 0) {
                return (w, gradient, rate) -> {
                    decay(w, gradient, weightDecay);
                    Kernels.addScaled(w, gradient, -rate);
                };
            }
            NDArray velocity = parameters.zerosLike();
            return (w, gradient, rate) -> {
                decay(w, gradient, weightDecay);
                Kernels.decayAndAdd(velocity, momentum, gradient, 1);
                Kernels.addScaled(w, velocity, -rate);
            };
        }

        @Override
        public void write(StepLines lines) {
            lines.decay(weightDecay);
            if (momentum == 0) {
                lines.descend();
            } else {
                lines.descendWithMomentum(momentum);
            }
        }
    }

    /**
     * Adam with bias correction (Kingma and Ba 2015, arXiv 1412.6980, algorithm 1), weight decay added to the gradient.
     *
     * @param beta1 in [0, 1)
     * @param beta2 in [0, 1)
     * @param epsilon positive
     * @param weightDecay at least 0
     */
    record Adam(double beta1, double beta2, double epsilon, double weightDecay) implements ClientOptimizer {
        /** Checks all. */
        public Adam {
            Check.fraction("beta1", beta1);
            Check.fraction("beta2", beta2);
            Check.positive("epsilon", epsilon);
            Check.notNegative("weightDecay", weightDecay);
        }

        /** Takes the paper's defaults: 0.9, 0.999, 1e-8, no weight decay. */
        public Adam() {
            this(.9, .999, 1e-8, 0);
        }

        @Override
        public Stepper start(NDArray parameters) {
            NDArray mean = parameters.zerosLike();
            NDArray square = parameters.zerosLike();
            int[] steps = {0};
            return (w, gradient, rate) -> {
                steps[0]++;
                decay(w, gradient, weightDecay);
                Kernels.decayAndAdd(mean, beta1, gradient, 1 - beta1);
                Kernels.decayAndAddSquare(square, beta2, gradient, 1 - beta2);
                double root = Math.sqrt(1 - Math.pow(beta2, steps[0]));
                Kernels.addAdaptive(w, mean, square, -rate * root / (1 - Math.pow(beta1, steps[0])), epsilon * root);
            };
        }

        @Override
        public void write(StepLines lines) {
            lines.decay(weightDecay).adam(beta1, beta2, epsilon);
        }
    }

    private static void decay(NDArray parameters, NDArray gradient, double weightDecay) {
        if (weightDecay > 0) {
            Kernels.addScaled(gradient, parameters, weightDecay);
        }
    }
}
