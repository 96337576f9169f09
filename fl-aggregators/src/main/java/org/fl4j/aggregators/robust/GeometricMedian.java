package org.fl4j.aggregators.robust;

import java.util.Arrays;
import java.util.List;
import org.fl4j.aggregators.Updates;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ListAggregator;
import org.fl4j.core.ModelUpdate;
import org.fl4j.core.RoundContext;
import org.fl4j.core.ServerState;
import org.fl4j.core.UpdateWeighting;
import org.fl4j.internal.Check;
import org.fl4j.tensor.ParameterVector;

/**
 * The geometric median by the smoothed Weiszfeld algorithm, known as RFA (Pillutla et al. 2022, arXiv 1912.13445, algorithm
 * 2): from the mean, {@code z = sum b_i x_i / sum b_i} with {@code b_i = weight_i / max(smoothing, |z - x_i|)}. Withstands
 * less than half of the weight being arbitrary.
 *
 * <p>Deviations: clients weigh alike unless told otherwise. Distances are over trainable parameters; the mean covers
 * buffers too.
 *
 * @param iterations at least 1
 * @param smoothing positive
 * @param weighting how much each update counts
 */
public record GeometricMedian(int iterations, double smoothing, UpdateWeighting weighting) implements Aggregator {
    /** Checks all. */
    public GeometricMedian {
        Check.positive("iterations", iterations);
        Check.positive("smoothing", smoothing);
        Check.present("weighting", weighting);
    }

    /** Takes the paper's three iterations and smoothing of 1e-6. */
    public GeometricMedian() {
        this(3, 1e-6, UpdateWeighting.uniform());
    }

    @Override
    public Aggregation begin(RoundContext round, ServerState state) {
        return new ListAggregator(this::median).begin(round, state);
    }

    private ParameterVector median(List<ModelUpdate> updates) {
        double[] weights = updates.stream().mapToDouble(weighting::weight).toArray();
        ParameterVector median = mean(updates, weights);
        for (int i = 0; i < iterations; i++) {
            double[] pulls = new double[weights.length];
            for (int k = 0; k < pulls.length; k++) {
                pulls[k] = weights[k]
                        / Math.max(
                                smoothing,
                                Updates.distance(median, updates.get(k).delta()));
            }
            median = mean(updates, pulls);
        }
        return median;
    }

    private static ParameterVector mean(List<ModelUpdate> updates, double... weights) {
        double total = Arrays.stream(weights).sum();
        double[] shares = Arrays.stream(weights).map(weight -> weight / total).toArray();
        return Updates.sum(updates, shares, shares);
    }
}
