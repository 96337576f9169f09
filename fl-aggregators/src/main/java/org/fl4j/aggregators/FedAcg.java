package org.fl4j.aggregators;

import ai.djl.ndarray.NDArray;
import org.fl4j.client.SgdClient;
import org.fl4j.client.SgdClientFactory;
import org.fl4j.core.ServerOptimizer;
import org.fl4j.internal.Check;
import org.fl4j.message.ServerState;
import org.fl4j.message.StrategyState;
import org.fl4j.server.AddDelta;
import org.fl4j.server.FedAvg;
import org.fl4j.simulation.Algorithm;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterVector;

/**
 * FedACG, accelerated client gradient (Kim et al. 2024, arXiv 2201.03172, algorithm 1). The server keeps a momentum
 * {@code m = momentum m + delta} of the mean deltas and the model {@code x = x + m}, and sends where the momentum would
 * take the model next: {@code x + momentum m}. Clients start there, and are pulled there by {@code beta / 2 |w -
 * start|^2}.
 *
 * <p>Deviations: none. The state's model is what is sent; evaluations are of x.
 *
 * @param momentum lambda of the paper, in [0, 1)
 * @param beta the pull, at least 0
 */
public record FedAcg(double momentum, double beta) implements Algorithm {
    private static final String MOMENTUM = "fedacg/momentum";

    /** Checks both. */
    public FedAcg {
        Check.fraction("momentum", momentum);
        Check.notNegative("beta", beta);
    }

    @Override
    public Parts on(Parts parts) {
        double pull = beta;
        double decay = momentum;
        return parts.usualAggregator(new FedAvg())
                .serverOptimizer(new LookAhead(decay))
                .evaluated(state -> model(state, decay))
                .sgdClients(pull == 0 ? parts.sgdClients() : pulled(pull));
    }

    private static SgdClientFactory pulled(double pull) {
        return SgdClientFactory.ofOneClass(
                SgdClient.class, (id, worker, training) -> new SgdClient(id, worker, training.proximalTerm(pull)));
    }

    /** Returns the model x of a state. */
    private static ParameterVector model(ServerState state, double momentum) {
        ParameterVector model = state.model().copy();
        state.strategy().tensor(MOMENTUM).ifPresent(m -> Kernels.addScaled(model.trainable(), m, -momentum));
        return model;
    }

    /** The server's half; alone it would be half of the algorithm. */
    ServerOptimizer serverOptimizer() {
        return new LookAhead(momentum);
    }

    private record LookAhead(double momentum) implements ServerOptimizer {
        @Override
        public Step step(ParameterVector sent, ParameterVector delta, StrategyState state) {
            NDArray next = delta.trainable().duplicate();
            ParameterVector ahead = AddDelta.withBuffersOf(sent, delta);
            Kernels.copy(sent.trainable(), ahead.trainable());
            state.tensor(MOMENTUM).ifPresent(before -> {
                Kernels.addScaled(next, before, momentum);
                Kernels.addScaled(ahead.trainable(), before, -momentum);
            });
            Kernels.addScaled(ahead.trainable(), next, 1 + momentum);
            return new Step(ahead, state.with(MOMENTUM, next));
        }
    }
}
