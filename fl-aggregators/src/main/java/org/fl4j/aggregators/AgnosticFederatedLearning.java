package org.fl4j.aggregators;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.fl4j.core.Admission;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.Fact;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.metrics.Metrics;
import org.fl4j.server.WeightedMean;
import org.fl4j.simulation.Algorithm;
import org.fl4j.tensor.Tensors;

/**
 * Agnostic federated learning, AFL (Mohri et al. 2019, arXiv 1902.00146, algorithm 1): the model that does best for the
 * worst mixture of clients. A weight for each client, all alike at first, makes the mean; after the round the weights
 * of the cohort rise by {@code weightRate} times the client's loss at the received model, and all are projected back
 * onto the probability simplex.
 *
 * <p>Deviations: clients train locally for more than one step, and the mean is over the cohort's share of the weights.
 * A client of weight 0 is left out of the mean, but its weight can rise again.
 *
 * @param weightRate the learning rate of the weights, at least 0; 0 is the plain mean
 */
public record AgnosticFederatedLearning(double weightRate) implements Algorithm {
    private static final String WEIGHTS = "afl/weights";

    /** Checks the rate. */
    public AgnosticFederatedLearning {
        Check.notNegative("weightRate", weightRate);
    }

    @Override
    public Parts on(Parts parts) {
        return parts.aggregator(aggregator()).sgdClients(ReceivedLoss.CLIENTS);
    }

    /** The server's half; alone it would be half of the algorithm. */
    Aggregator aggregator() {
        return new AgnosticFederatedLearningAggregator(this);
    }

    private record AgnosticFederatedLearningAggregator(AgnosticFederatedLearning agnostic) implements Aggregator {
        @Override
        public Set<Fact<?>> needs() {
            return ReceivedLoss.NEEDED;
        }

        @Override
        public Aggregation begin(RoundContext round, ServerState state) {
            double[] weights = new double[round.clientCount()];
            Arrays.fill(weights, 1.0 / weights.length);
            state.strategy().tensor(WEIGHTS).ifPresent(kept -> {
                float[] values = kept.toFloatArray();
                for (int i = 0; i < weights.length; i++) {
                    weights[i] = values[i];
                }
            });
            return agnostic.new Mixture(state, weights);
        }
    }

    private final class Mixture implements Aggregation {
        private final ServerState state;
        private final double[] weights;
        private final WeightedMean mean;
        private final Map<ClientId, Double> losses = new TreeMap<>();

        Mixture(ServerState state, double... weights) {
            this.state = state;
            this.weights = weights;
            mean = new WeightedMean(update -> weights[update.client().index()], state);
        }

        @Override
        public Admission onModelUpdate(ModelUpdate update) {
            return ReceivedLoss.judge(update);
        }

        @Override
        public void add(ModelUpdate update) {
            losses.put(update.client(), update.facts().get(ReceivedLoss.LOSS));
            if (weights[update.client().index()] > 0) {
                mean.add(update);
            }
        }

        @Override
        public void merge(Aggregation other) {
            mean.merge(((Mixture) other).mean);
            losses.putAll(((Mixture) other).losses);
        }

        @Override
        public Aggregate combine() {
            Aggregate aggregate = mean.combine();
            losses.forEach((client, loss) -> weights[client.index()] += weightRate * loss);
            float[] projected = projected(weights);
            NDArray next = Tensors.create(state.model().floats().getManager(), projected, new Shape(projected.length));
            return new Aggregate(aggregate.delta(), state.strategy().with(WEIGHTS, next), Metrics.none());
        }
    }

    /** Returns the nearest point of the probability simplex (Duchi et al. 2008, figure 1). */
    static float[] projected(double... point) {
        double[] sorted = point.clone();
        Arrays.sort(sorted);
        double sum = 0;
        double shift = 0;
        for (int i = sorted.length - 1; i >= 0; i--) {
            sum += sorted[i];
            double candidate = (sum - 1) / (sorted.length - i);
            if (sorted[i] > candidate) {
                shift = candidate;
            }
        }
        float[] result = new float[point.length];
        for (int i = 0; i < point.length; i++) {
            result[i] = (float) Math.max(0, point[i] - shift);
        }
        return result;
    }
}
