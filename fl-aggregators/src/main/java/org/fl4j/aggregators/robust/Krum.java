package org.fl4j.aggregators.robust;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.fl4j.aggregators.Updates;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ListAggregator;
import org.fl4j.internal.Check;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;

/**
 * Krum and Multi-Krum (Blanchard et al. 2017, arXiv 1703.02757): of n updates, f of them possibly arbitrary, those with
 * the lowest sums of squared distances to their n - f - 2 nearest neighbours; of equal scores the earlier update. Krum
 * is the best one, Multi-Krum the mean of the best m. Needs n of at least 2 f + 3.
 *
 * <p>Withstands f arbitrary clients: if any two of the others are within D, each update that counts is within
 * {@code D sqrt((n - f - 2) / (n - 2 f - 1))} of one of them. So an arbitrary update can be picked, but only if it lies
 * as close as that.
 *
 * <p>Deviations: distances are over trainable parameters; the mean covers buffers too.
 *
 * @param byzantine f, at least 0
 * @param kept m, at least 1 and at most n - f; 1 is Krum
 */
public record Krum(int byzantine, int kept) implements Aggregator {
    /** Checks both. */
    public Krum {
        Check.atLeast("byzantine", 0, byzantine);
        Check.positive("kept", kept);
    }

    /** Returns Krum, which keeps one update. */
    public static Krum single(int byzantine) {
        return new Krum(byzantine, 1);
    }

    @Override
    public Aggregation begin(RoundContext round, ServerState state) {
        return new ListAggregator(updates -> Updates.mean(best(updates))).begin(round, state);
    }

    /** Returns 2 f + 3, or so many that m of them are not Byzantine. */
    @Override
    public int minimumUpdates() {
        return Math.max(2 * byzantine + 3, kept + byzantine);
    }

    private List<ModelUpdate> best(List<ModelUpdate> updates) {
        int count = updates.size();
        Check.atLeast("updates for Krum with " + byzantine + " byzantine clients", 2 * byzantine + 3, count);
        Check.inRange("kept", 1, count - byzantine, kept);
        double[][] distances = Updates.squaredDistances(updates);
        int[] all = IntStream.range(0, count).toArray();
        double[] scores = IntStream.of(all)
                .mapToDouble(i -> score(distances, i, all, byzantine))
                .toArray();
        return IntStream.of(all)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> scores[i]))
                .limit(kept)
                .sorted()
                .map(updates::get)
                .toList();
    }

    /**
     * The sum of squared distances from one update to its nearest neighbours among the candidates, to all if that is
     * none.
     */
    static double score(double[][] distances, int update, int[] candidates, int byzantine) {
        int nearest = candidates.length - byzantine - 2;
        int neighbours = nearest > 0 ? nearest : candidates.length;
        return Arrays.stream(candidates)
                .filter(other -> other != update)
                .mapToDouble(other -> distances[update][other])
                .sorted()
                .limit(neighbours)
                .sum();
    }
}
