package org.fl4j.aggregators.robust;

import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ListAggregator;
import org.fl4j.core.RoundContext;
import org.fl4j.core.ServerState;
import org.fl4j.internal.Check;

/**
 * The mean of each coordinate without its lowest and highest values (Yin et al. 2018, arXiv 1803.01498, definition 2).
 * Withstands as many arbitrary clients as it drops at either end.
 *
 * <p>Deviations: float buffers are treated likewise; integer buffers are those of the first update.
 *
 * @param share of the updates that is dropped at either end, rounded down: in [0, 0.5)
 */
public record TrimmedMean(double share) implements Aggregator {
    /** Checks the share. */
    public TrimmedMean {
        Check.that(share >= 0 && share < .5, "share", "in [0, 0.5)", share);
    }

    @Override
    public Aggregation begin(RoundContext round, ServerState state) {
        return new ListAggregator(updates -> {
                    long count = updates.size();
                    long dropped =
                            (long) Math.floor(share * count + 1e-9); // .2 of 5 is 1, for all that 5 * .2 rounds to
                    return Coordinates.reduce(updates, sorted -> Coordinates.mean(sorted, dropped, count - dropped));
                })
                .begin(round, state);
    }
}
