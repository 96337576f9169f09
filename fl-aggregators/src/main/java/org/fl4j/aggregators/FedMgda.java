package org.fl4j.aggregators;

import java.util.Arrays;
import java.util.List;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ListAggregator;
import org.fl4j.internal.Check;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterVector;

/**
 * FedMGDA+ (Hu et al. 2020, arXiv 2006.11489, algorithm 1): the convex combination of the deltas with the least norm,
 * each first scaled to length 1, is a direction that makes no client worse. Weights stay within a distance of equal
 * ones.
 *
 * <p>Deviations: deltas of length 0 stay 0. Of normalised deltas the result is at most 1 long, so the server's learning
 * rate (see {@link org.fl4j.server.AddDelta}) is the length of the step. Norms and weights come from trainable
 * parameters; buffers are averaged with the same weights, unscaled.
 *
 * @param normalised whether deltas are scaled to length 1
 * @param epsilon how far a weight may be from 1/n, in (0, 1]; 1 is any weight
 */
public record FedMgda(boolean normalised, double epsilon) implements Aggregator {
    private static final int MOST_ITERATIONS = 10_000;
    private static final double TOLERANCE = 1e-10; // of the squared norm, relative to the longest delta's

    /** Checks epsilon. */
    public FedMgda {
        Check.share("epsilon", epsilon);
    }

    /** Normalises, and allows any weight. */
    public FedMgda() {
        this(true, 1);
    }

    @Override
    public Aggregation begin(RoundContext round, ServerState state) {
        return new ListAggregator(this::combined).begin(round, state);
    }

    private ParameterVector combined(List<ModelUpdate> updates) {
        double[] scales = updates.stream()
                .mapToDouble(update -> {
                    double norm = update.delta().norm();
                    return normalised && norm > 0 ? 1 / norm : 1;
                })
                .toArray();
        int n = scales.length;
        double[][] products = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j <= i; j++) {
                double product = Kernels.dot(
                        updates.get(i).delta().trainable(),
                        updates.get(j).delta().trainable());
                products[i][j] = product * scales[i] * scales[j];
                products[j][i] = products[i][j];
            }
        }
        double[] weights = leastNorm(products, epsilon);
        double[] scaled = new double[n];
        for (int i = 0; i < n; i++) {
            scaled[i] = weights[i] * scales[i];
        }
        return Updates.sum(updates, scaled, weights);
    }

    /**
     * Returns the weights of the convex combination with the least norm: weight moves from the vector the norm grows
     * fastest with to the one it grows slowest with, until none gains (sequential minimal optimisation, Platt 1998).
     *
     * @param products inner products of the vectors
     */
    static double[] leastNorm(double[][] products, double epsilon) {
        int n = products.length;
        double low = Math.max(0, 1.0 / n - epsilon);
        double high = Math.min(1, 1.0 / n + epsilon);
        double[] weights = new double[n];
        double[] slope = new double[n]; // half the gradient of the squared norm
        double longest = 0;
        for (int i = 0; i < n; i++) {
            weights[i] = 1.0 / n;
            slope[i] = Arrays.stream(products[i]).average().orElseThrow();
            longest = Math.max(longest, products[i][i]);
        }
        for (int iteration = 0; iteration < MOST_ITERATIONS; iteration++) {
            int to = -1;
            int from = -1;
            for (int i = 0; i < n; i++) {
                if (weights[i] < high && (to < 0 || slope[i] < slope[to])) {
                    to = i;
                }
                if (weights[i] > low && (from < 0 || slope[i] > slope[from])) {
                    from = i;
                }
            }
            if (to < 0 || from < 0 || slope[from] - slope[to] <= TOLERANCE * longest) {
                break;
            }
            double curvature = products[to][to] + products[from][from] - 2 * products[to][from];
            double most = Math.min(high - weights[to], weights[from] - low);
            double moved = curvature > 0 ? Math.min(most, (slope[from] - slope[to]) / curvature) : most;
            weights[to] += moved;
            weights[from] -= moved;
            for (int i = 0; i < n; i++) {
                slope[i] += moved * (products[i][to] - products[i][from]);
            }
        }
        return weights;
    }
}
