package org.fl4j.aggregators.robust;

import java.util.Arrays;
import java.util.List;
import org.fl4j.aggregators.Updates;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ListAggregator;
import org.fl4j.core.UpdateWeighting;
import org.fl4j.internal.Check;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.tensor.ParameterVector;

/**
 * The geometric median, known as RFA (Pillutla et al. 2022, arXiv 1912.13445, algorithm 2): the point with the least
 * weighted sum of distances to the updates, found by Weiszfeld's steps {@code z = sum b_i x_i / sum b_i} with
 * {@code b_i = weight_i / |z - x_i|}.
 *
 * <p>Withstands less than half of the weight being arbitrary: if a share a of the weight is, and the other updates are
 * within r of their mean, the median is within {@code 2 r (1 - a) / (1 - 2 a)} of that mean, however far the others
 * are.
 *
 * <p>Steps end when the pulls of the updates cancel to 1e-7 of the weight, when a step is below the rounding of
 * float32, or after the given number of iterations. Some tens are usual; near half of the weight it takes hundreds.
 *
 * <p>Deviations: steps begin at the weighted median of each coordinate and go on to rest. The paper takes three steps
 * from the mean, which arbitrary clients can put anywhere: each step then brings it back by a factor only. An update
 * within the smoothing of z holds it by the rule of Vardi and Zhang 2000 (PNAS 97(4), equation 2.6), for a step from an
 * update itself would not leave it. Clients weigh alike unless the weighting says otherwise. Distances are over
 * trainable parameters; the mean covers buffers too.
 *
 * @param iterations the most, at least 1
 * @param smoothing the distance below which an update counts as reached, positive
 * @param weighting how much each update counts
 */
public record GeometricMedian(int iterations, double smoothing, UpdateWeighting weighting) implements Aggregator {
    /** Iterations by default: a bound that usual rounds do not come near. */
    public static final int MOST_ITERATIONS = 1000;

    private static final double CANCELLED = 1e-7; // of the weight
    private static final double FLOAT_ROUNDING = 0x1p-23;

    /** Checks all. */
    public GeometricMedian {
        Check.positive("iterations", iterations);
        Check.positive("smoothing", smoothing);
        Check.present("weighting", weighting);
    }

    /** Iterates to rest with the paper's smoothing of 1e-6; clients weigh alike. */
    public GeometricMedian() {
        this(MOST_ITERATIONS, 1e-6, UpdateWeighting.uniform());
    }

    @Override
    public Aggregation begin(RoundContext round, ServerState state) {
        return new ListAggregator(this::median).begin(round, state);
    }

    private ParameterVector median(List<ModelUpdate> updates) {
        double[] weights =
                normalised(updates.stream().mapToDouble(weighting::weight).toArray());
        ParameterVector median = Coordinates.weightedMedian(updates, weights);
        boolean moves = true;
        for (int i = 0; i < iterations && moves; i++) {
            moves = step(updates, weights, median);
        }
        return median;
    }

    /** Moves the point by one step; returns whether another may move it further. */
    private boolean step(List<ModelUpdate> updates, double[] weights, ParameterVector median) {
        double[] pulls = new double[weights.length];
        double reached = 0;
        for (int k = 0; k < pulls.length; k++) {
            double distance = Updates.distance(median, updates.get(k).delta());
            if (distance > smoothing) {
                pulls[k] = weights[k] / distance;
            } else {
                reached += weights[k];
            }
        }
        double total = Arrays.stream(pulls).sum();
        if (total == 0) {
            return false;
        }
        double[] shares = normalised(pulls);
        try (ParameterVector target = Updates.sum(updates, shares, shares)) {
            double gap = Updates.distance(target, median);
            double pull = gap * total; // the length of the sum of unit vectors, by weight
            if (pull <= reached + CANCELLED) {
                return false;
            }
            double held = reached / pull;
            median.floats().muli(held);
            median.addScaledInPlace(target, 1 - held);
            return (1 - held) * gap > FLOAT_ROUNDING * Math.sqrt(weights.length) * median.norm();
        }
    }

    private static double[] normalised(double... weights) {
        double total = Arrays.stream(weights).sum();
        return Arrays.stream(weights)
                .map(weight -> total > 0 ? weight / total : 0)
                .toArray();
    }
}
