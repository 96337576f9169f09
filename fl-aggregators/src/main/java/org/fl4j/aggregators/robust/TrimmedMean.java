package org.fl4j.aggregators.robust;

import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ListAggregator;
import org.fl4j.internal.Check;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;

/**
 * The mean of each coordinate without its lowest and highest values (Yin et al. 2018, arXiv 1803.01498, definition 2).
 * Withstands as many arbitrary clients as it drops at either end: each coordinate then lies between the least and the
 * largest value of the others.
 *
 * <p>Deviations: float buffers are treated in the same way; integer buffers are those of the first update.
 *
 * @param share of the updates that is dropped at either end, rounded down, and so that at least one stays: in [0, 0.5)
 */
public record TrimmedMean(double share) implements Aggregator {
    /** Checks the share. */
    public TrimmedMean {
        Check.that(share >= 0 && share < .5, "share", "in [0, 0.5)", share);
    }

    @Override
    public Aggregation begin(RoundContext round, ServerState state) {
        return new ListAggregator(updates -> {
                    int count = updates.size();
                    int asked = (int) Math.floor(share * count + 1e-9); // 0.2 of 5 is 1, however 5 * 0.2 rounds
                    int dropped = Math.min(asked, (count - 1) / 2); // a share just below half leaves one value
                    return Coordinates.reduce(
                            updates,
                            dropped,
                            count - dropped,
                            sorted -> Coordinates.mean(sorted, 0, count - (long) dropped - dropped));
                })
                .begin(round, state);
    }
}
