package org.fl4j.core;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.fl4j.message.ModelUpdate;
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

        /**
         * Returns whether updates may be added by {@link #addRows}; by default not. It must be so only where {@link
         * #onModelUpdate} accepts every update with a sound delta.
         */
        default boolean takesRows() {
            return false;
        }

        /**
         * Adds accepted updates whose deltas are rows of one matrix, with the bits that {@link #add} comes to if it is
         * called for one after another.
         *
         * @param updates without their deltas
         * @param deltas float32, shape (any, parameters)
         * @param rows the row of each update
         */
        default void addRows(List<ModelUpdate> updates, NDArray deltas, int... rows) {
            throw new UnsupportedOperationException("this sum takes updates one by one");
        }
    }

    /** Begins a part, anywhere: it judges and adds as {@link #begin}'s would. */
    Sums part(SharedMessage sent);
}
