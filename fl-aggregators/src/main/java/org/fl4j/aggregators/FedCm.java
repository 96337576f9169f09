package org.fl4j.aggregators;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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
import org.fl4j.message.Fact;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.message.TrainingFacts;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.server.WeightedMean;
import org.fl4j.simulation.Algorithm;

/**
 * FedCM, federated learning with client-level momentum (Xu et al. 2021, arXiv 2106.10874, algorithm 2). A local step is
 * {@code w -= rate (alpha g + (1 - alpha) D)}, with D the mean direction of all clients' steps in the last round, at
 * first 0.
 *
 * <p>Deviations: clients of a round that take unlike numbers of steps count with the mean of these numbers, for the
 * paper's take equally many.
 *
 * @param alpha the share of a client's own gradient, in (0, 1]; 1 is FedAvg with equal weights
 */
public record FedCm(double alpha) implements Algorithm {
    private static final String DIRECTION = "fedcm/direction";
    private static final String PATH = "path";

    /** Checks alpha. */
    public FedCm {
        Check.share("alpha", alpha);
    }

    @Override
    public Parts on(Parts parts) {
        double share = alpha;
        return parts.aggregator(aggregator())
                .sgdClients(SgdClientFactory.ofOneClass(
                        DirectedClient.class,
                        (id, worker, training) -> new DirectedClient(id, worker, training, share)));
    }

    /** The server's half; alone it would be half of the algorithm. */
    Aggregator aggregator() {
        return new FedCmAggregator(alpha);
    }

    private record FedCmAggregator(double alpha) implements Aggregator {
        @Override
        public Set<Fact<?>> needs() {
            return Set.of(TrainingFacts.LEARNING_RATE);
        }

        @Override
        public boolean sendsAttachments() {
            return true;
        }

        @Override
        public Map<String, NDArray> attachments(ServerState state) {
            return state.strategy()
                    .tensor(DIRECTION)
                    .map(direction -> Map.of(DIRECTION, direction))
                    .orElse(Map.of());
        }

        /** A client moves by its path, the sum of its steps' rates, which are alpha times the learning rate. */
        @Override
        public Aggregation begin(RoundContext round, ServerState state) {
            WeightedMean moved = new WeightedMean(UpdateWeighting.uniform(), state, List.of(), mean -> {
                NDArray direction = mean.delta().trainable().mul(-alpha / mean.statistic(PATH));
                return new Aggregate(
                        Optional.of(mean.delta()), state.strategy().with(DIRECTION, direction), Metrics.none());
            });
            return moved.also(
                    PATH,
                    update -> Math.max(1, update.localSteps())
                            * update.facts().find(TrainingFacts.LEARNING_RATE).orElse(1.0));
        }
    }

    private static final class DirectedClient extends SgdClient {
        private final double alpha;

        DirectedClient(ClientId id, Worker worker, LocalTraining training, double alpha) {
            super(id, worker, training.learningRate(training.learningRate().times(alpha)));
            boolean plain = training.optimizer() instanceof ClientOptimizer.Sgd sgd && sgd.momentum() == 0;
            Check.that(plain, "optimizer of FedCM's clients", "SGD without momentum of its own", training.optimizer());
            this.alpha = alpha;
        }

        @Override
        protected Optional<NDArray> gradientCorrection(TrainingTask task) {
            return Optional.of(task.attachment(DIRECTION, worker().device())
                    .map(direction -> direction.mul((1 - alpha) / alpha))
                    .orElseGet(() -> worker().model().parameters().trainable().zerosLike()));
        }
    }
}
