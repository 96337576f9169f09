package org.fl4j.aggregators;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.Optional;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.SgdClientFactory;
import org.fl4j.client.Worker;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.UpdateWeighting;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.server.WeightedMean;
import org.fl4j.simulation.Algorithm;
import org.fl4j.tensor.Kernels;

/**
 * FedDyn (Acar et al. 2021, arXiv 2111.04263, algorithm 1). Client i minimises its loss
 * {@code - <h_i, w> + alpha / 2 |w - received|^2} and then sets {@code h_i -= alpha delta_i}; the server sets
 * {@code h -= alpha / N sum delta_i} over its N clients and takes the mean of the local models minus {@code h / alpha}.
 * Where it comes to rest, local optima agree with the global one.
 *
 * <p>Deviations: the local problem is solved as well as local training goes, as in the paper's experiments. Linear
 * terms cover trainable parameters; buffers are averaged.
 *
 * @param alpha positive
 */
public record FedDyn(double alpha) implements Algorithm {
    private static final String LINEAR = "feddyn/linear";

    private static final Slot SLOT = Slot.ofClient("feddyn");

    /** Checks alpha. */
    public FedDyn {
        Check.positive("alpha", alpha);
    }

    @Override
    public Parts on(Parts parts) {
        double pull = alpha;
        return parts.aggregator(aggregator())
                .sgdClients(SgdClientFactory.ofOneClass(
                        DynamicClient.class, (id, worker, training) -> new DynamicClient(id, worker, training, pull)));
    }

    /** The server's half; alone it would be half of the algorithm. */
    Aggregator aggregator() {
        return new FedDynAggregator(this);
    }

    private record FedDynAggregator(FedDyn dynamic) implements Aggregator {
        @Override
        public Aggregation begin(RoundContext round, ServerState state) {
            return new WeightedMean(UpdateWeighting.uniform(), state, List.of(), mean -> {
                NDArray delta = mean.delta().trainable();
                NDArray linear = delta.mul(-dynamic.alpha * mean.count() / round.clientCount());
                state.strategy().tensor(LINEAR).ifPresent(linear::addi);
                Kernels.addScaled(delta, linear, -1 / dynamic.alpha);
                return new Aggregate(Optional.of(mean.delta()), state.strategy().with(LINEAR, linear), Metrics.none());
            });
        }
    }

    private static final class DynamicClient extends SgdClient {
        private final double alpha;
        private Optional<NDArray> linear = Optional.empty(); // of the rounds before

        DynamicClient(ClientId id, Worker worker, LocalTraining training, double alpha) {
            super(id, worker, training.proximalTerm(alpha));
            this.alpha = alpha;
        }

        @Override
        protected Optional<NDArray> gradientCorrection(TrainingTask task) {
            NDArray before = kept(SLOT)
                    .flatMap(state -> state.tensor(LINEAR))
                    .orElseGet(() -> worker().model().parameters().trainable().zerosLike());
            linear = Optional.of(before);
            return Optional.of(before.neg());
        }

        @Override
        protected ModelUpdate upload(TrainingTask task, ModelUpdate update) {
            NDArray next = linear.orElseThrow();
            Kernels.addScaled(next, update.delta().trainable(), -alpha);
            keep(SLOT, StrategyState.empty().with(LINEAR, next));
            return update;
        }
    }
}
