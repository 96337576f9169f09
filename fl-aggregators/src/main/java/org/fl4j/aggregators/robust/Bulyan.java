package org.fl4j.aggregators.robust;

import java.util.ArrayList;
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
 * Bulyan (El Mhamdi et al. 2018, arXiv 1802.07927, section 4): Krum picks n - 2 f updates, one at a time, scored anew
 * among those that are left; then each coordinate is the mean of the n - 4 f picked values closest to their median.
 * Needs n of at least 4 f + 3.
 *
 * <p>Withstands f arbitrary clients: each coordinate is no further from the range of the others' values than that range
 * is wide.
 *
 * <p>Deviations: of equal scores, and of equally close values, the earlier and the lower one; a pick whose
 * score would have no neighbours is scored by all that are left.
 *
 * @param byzantine f, at least 0
 */
public record Bulyan(int byzantine) implements Aggregator {
    /** Checks f. */
    public Bulyan {
        Check.atLeast("byzantine", 0, byzantine);
    }

    @Override
    public Aggregation begin(RoundContext round, ServerState state) {
        return new ListAggregator(updates -> {
                    List<ModelUpdate> picked = pick(updates);
                    int kept = picked.size() - 2 * byzantine;
                    return Coordinates.reduce(
                            picked, 0, picked.size(), sorted -> Coordinates.meanAroundMedian(sorted, kept));
                })
                .begin(round, state);
    }

    /** Returns 4 f + 3. */
    @Override
    public int minimumUpdates() {
        return 4 * byzantine + 3;
    }

    private List<ModelUpdate> pick(List<ModelUpdate> updates) {
        int count = updates.size();
        Check.atLeast("updates for Bulyan with " + byzantine + " byzantine clients", 4 * byzantine + 3, count);
        double[][] distances = Updates.squaredDistances(updates);
        List<Integer> left = new ArrayList<>(IntStream.range(0, count).boxed().toList());
        List<ModelUpdate> picked = new ArrayList<>();
        while (picked.size() < count - 2 * byzantine) {
            int[] candidates = left.stream().mapToInt(Integer::intValue).toArray();
            Integer best = left.stream()
                    .min(Comparator.comparingDouble(i -> Krum.score(distances, i, candidates, byzantine)))
                    .orElseThrow();
            picked.add(updates.get(best));
            left.remove(best);
        }
        return picked;
    }
}
