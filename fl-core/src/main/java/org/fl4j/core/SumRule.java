package org.fl4j.core;

import org.fl4j.message.SharedMessage;
import org.fl4j.message.StrategyState;

/**
 * An aggregator that adds updates up, and needs nothing for it but what clients were sent. Parts of its sums may be
 * made in other processes, which send one sum for a block of clients in place of an update for each.
 */
public interface SumRule extends Aggregator {
    /** An aggregation whose sums travel. */
    interface Sums extends Aggregation {
        /** Returns what was added so far, as arrays and numbers by name; the arrays are still this one's. */
        StrategyState sums();

        /** Adds sums that another part returned, as {@link #merge} would have added that part. */
        void merge(StrategyState other);
    }

    /** Begins a part, anywhere: it judges and adds as {@link #begin}'s would. */
    Sums part(SharedMessage sent);
}
