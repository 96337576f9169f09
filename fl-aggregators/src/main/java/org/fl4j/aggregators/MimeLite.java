package org.fl4j.aggregators;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.fl4j.client.ClientOptimizer;
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
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.model.LocalModel;
import org.fl4j.server.WeightedMean;
import org.fl4j.simulation.Algorithm;
import org.fl4j.tensor.Kernels;

/**
 * MimeLite with SGD and momentum (Karimireddy et al. 2020, arXiv 2008.03606, algorithm 1 without the control variate).
 * The momentum m is the server's: local steps use it and do not change it, {@code w -= rate ((1 - beta) g + beta m)},
 * and after the round {@code m = beta m + (1 - beta) mean of g_i}, with g_i the gradient of client i's data at the
 * received model.
 *
 * <p>Deviations: none; without momentum it is FedAvg with equal weights.
 *
 * @param momentum beta, in [0, 1)
 */
public record MimeLite(double momentum) implements Algorithm {
    private static final String MOMENTUM = "mimelite/momentum";
    private static final String GRADIENT = "mimelite/gradient";

    /** Checks beta. */
    public MimeLite {
        Check.fraction("momentum", momentum);
    }

    @Override
    public Parts on(Parts parts) {
        double beta = momentum;
        return parts.aggregator(aggregator())
                .sgdClients(SgdClientFactory.ofOneClass(
                        MomentumClient.class,
                        (id, worker, training) -> new MomentumClient(id, worker, training, beta)));
    }

    /** The server's half; alone it would be half of the algorithm. */
    Aggregator aggregator() {
        return new MimeLiteAggregator(this);
    }

    private record MimeLiteAggregator(MimeLite mime) implements Aggregator {
        @Override
        public boolean readsAttachments() {
            return true;
        }

        @Override
        public boolean sendsAttachments() {
            return true;
        }

        @Override
        public Map<String, NDArray> attachments(ServerState state) {
            return state.strategy()
                    .tensor(MOMENTUM)
                    .map(m -> Map.of(MOMENTUM, m))
                    .orElse(Map.of());
        }

        @Override
        public Aggregation begin(RoundContext round, ServerState state) {
            return new WeightedMean(UpdateWeighting.uniform(), state, List.of(GRADIENT), mean -> {
                NDArray next = mean.attachment(GRADIENT).muli(1 - mime.momentum);
                state.strategy().tensor(MOMENTUM).ifPresent(m -> Kernels.addScaled(next, m, mime.momentum));
                return new Aggregate(Optional.of(mean.delta()), state.strategy().with(MOMENTUM, next), Metrics.none());
            });
        }
    }

    private static final class MomentumClient extends SgdClient {
        private final double momentum;
        private Optional<NDArray> gradient = Optional.empty();

        MomentumClient(ClientId id, Worker worker, LocalTraining training, double momentum) {
            super(id, worker, training.learningRate(training.learningRate().times(1 - momentum)));
            boolean plain = training.optimizer() instanceof ClientOptimizer.Sgd sgd && sgd.momentum() == 0;
            Check.that(
                    plain, "optimizer of MimeLite's clients", "SGD without momentum of its own", training.optimizer());
            this.momentum = momentum;
        }

        @Override
        protected void beforeTraining(TrainingTask task, LocalModel model) {
            gradient = Optional.of(fullGradient());
        }

        @Override
        protected Optional<NDArray> gradientCorrection(TrainingTask task) {
            return Optional.of(task.attachment(MOMENTUM, worker().device())
                    .map(m -> m.mul(momentum / (1 - momentum)))
                    .orElseGet(() -> worker().model().parameters().trainable().zerosLike()));
        }

        @Override
        protected ModelUpdate upload(TrainingTask task, ModelUpdate update) {
            return update.withAttachment(GRADIENT, gradient.orElseThrow());
        }
    }
}
