package org.fl4j.aggregators;

import ai.djl.ndarray.NDArray;
import java.util.function.BinaryOperator;
import org.fl4j.client.LocalStep;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.Worker;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.server.FedAvg;
import org.fl4j.simulation.Algorithm;
import org.fl4j.tensor.Kernels;

/**
 * FedSAM (Qu et al. 2022, arXiv 2206.02618, algorithm 1; Caldarola et al. 2022, arXiv 2203.11834): clients look for
 * flat minima. Each local step goes along the gradient of its batch at {@code w + radius g / |g|}, with g the gradient
 * at w: two gradients a step (sharpness-aware minimisation, Foret et al. 2021, arXiv 2010.01412). FedAvg on the server.
 *
 * <p>Deviations: none. Losses that clients report are those at w.
 *
 * @param radius rho of the paper, positive
 */
public record FedSam(double radius) implements Algorithm {
    private static final double LEAST_NORM = 1e-12;

    /** Checks the radius. */
    public FedSam {
        Check.positive("radius", radius);
    }

    @Override
    public Parts on(Parts parts) {
        double length = radius;
        return parts.usualAggregator(new FedAvg())
                .sgdClients((id, worker, training) ->
                        new SharpnessAware(id, worker, training, (parameters, gradient) -> scaled(gradient, length)));
    }

    private static NDArray scaled(NDArray gradient, double length) {
        return gradient.mul(length / Math.max(LEAST_NORM, Kernels.norm(gradient)));
    }

    /**
     * FedASAM (Caldarola et al. 2022, arXiv 2203.11834, section 4.2; adaptive SAM: Kwon et al. 2021, arXiv 2102.11600):
     * the same with {@code w + radius T^2 g / |T g|}, where T has {@code |w| + offset} of each parameter, so that the
     * step does not depend on the scale of parameters.
     *
     * <p>Deviations: none; the offset is added to all parameters.
     *
     * @param radius rho of the paper, positive
     * @param offset eta of the paper, at least 0
     */
    public record Adaptive(double radius, double offset) implements Algorithm {
        /** Checks both. */
        public Adaptive {
            Check.positive("radius", radius);
            Check.notNegative("offset", offset);
        }

        @Override
        public Parts on(Parts parts) {
            Adaptive setting = this;
            return parts.usualAggregator(new FedAvg())
                    .sgdClients((id, worker, training) -> new SharpnessAware(id, worker, training, setting::away));
        }

        private NDArray away(NDArray parameters, NDArray gradient) {
            NDArray scale = parameters.abs().addi(offset);
            return scaled(gradient.mul(scale), radius).muli(scale);
        }
    }

    private static final class SharpnessAware extends SgdClient {
        private final BinaryOperator<NDArray> away; // from parameters, by their gradient

        SharpnessAware(ClientId id, Worker worker, LocalTraining training, BinaryOperator<NDArray> away) {
            super(id, worker, training);
            this.away = away;
        }

        @Override
        protected void afterBackward(LocalStep step) {
            NDArray here = step.parameters().duplicate();
            step.parameters().addi(away.apply(step.parameters(), step.gradient()));
            Kernels.copy(gradient(step.batch().positions()), step.gradient());
            Kernels.copy(here, step.parameters());
        }
    }
}
