package org.fl4j.aggregators.robust;

import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ListAggregator;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;

/**
 * The median of each coordinate over the clients, all of them alike (Yin et al. 2018, arXiv 1803.01498, definition 1);
 * for an even number the mean of the two in the middle. Withstands less than half of the clients being arbitrary: each
 * coordinate then lies between the least and the largest value of the others.
 *
 * <p>Deviations: float buffers are treated in the same way; integer buffers are those of the first update.
 */
public record CoordinateMedian() implements Aggregator {
    @Override
    public Aggregation begin(RoundContext round, ServerState state) {
        return new ListAggregator(Coordinates::median).begin(round, state);
    }
}
