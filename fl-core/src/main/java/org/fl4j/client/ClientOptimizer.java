package org.fl4j.client;

import static org.fl4j.model.TrainingProgram.literal;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.List;
import org.fl4j.internal.Check;
import org.fl4j.model.TrainingProgram.StepRule;
import org.fl4j.tensor.Kernels;

/** How a client turns gradients into steps. Its state starts at zero in every round. */
public sealed interface ClientOptimizer {
    /** Starts a local training on parameters of this shape and device. */
    Stepper start(NDArray parameters);

    /** Returns the same step as lines of a compiled program, which sees what {@link StepRule} says. */
    List<String> lines();

    /** Returns how many vectors of state those lines need. */
    int stateVectors();

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
        public List<String> lines() {
            List<String> lines = decayLines(weightDecay);
            if (momentum == 0) {
                lines.add("descended = torch.add_(trainable, gradient, alpha=descent)");
            } else {
                lines.add("velocity = torch.add_(torch.mul_(state[0], " + literal(momentum) + "), gradient)");
                lines.add("descended = torch.add_(trainable, velocity, alpha=descent)");
            }
            return lines;
        }

        @Override
        public int stateVectors() {
            return momentum == 0 ? 0 : 1;
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
        public List<String> lines() {
            List<String> lines = decayLines(weightDecay);
            lines.add("mean = torch.add_(torch.mul_(state[0], " + literal(beta1) + "), gradient, alpha="
                    + literal(1 - beta1) + ")");
            lines.add("square = torch.addcmul_(torch.mul_(state[1], " + literal(beta2) + "), gradient, gradient, value="
                    + literal(1 - beta2) + ")");
            lines.add("power = float(torch.add(taken, 1))");
            lines.add("root = torch.sqrt(torch.sub(1., torch.pow(" + literal(beta2) + ", power)))");
            lines.add("size = torch.div(torch.mul(descent, root), torch.sub(1., torch.pow(" + literal(beta1)
                    + ", power)))");
            lines.add("scale = torch.add_(torch.sqrt(square), torch.mul(root, " + literal(epsilon) + "))");
            lines.add("descended = torch.addcdiv_(trainable, mean, scale, value=size)");
            return lines;
        }

        @Override
        public int stateVectors() {
            return 2;
        }
    }

    private static List<String> decayLines(double weightDecay) {
        List<String> lines = new ArrayList<>();
        if (weightDecay > 0) {
            lines.add("decayed = torch.add_(gradient, trainable, alpha=" + literal(weightDecay) + ")");
        }
        return lines;
    }

    private static void decay(NDArray parameters, NDArray gradient, double weightDecay) {
        if (weightDecay > 0) {
            Kernels.addScaled(gradient, parameters, weightDecay);
        }
    }
}
