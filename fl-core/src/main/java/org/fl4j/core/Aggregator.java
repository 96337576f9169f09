package org.fl4j.core;

import ai.djl.ndarray.NDArray;
import java.util.Map;
import java.util.Set;
import org.fl4j.message.Fact;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;

/**
 * Combines a round's updates into one. An aggregator is a recipe without state of its own: what it must remember from
 * round to round it reads from {@link ServerState#strategy()} and returns in its {@link Aggregate}.
 *
 * <p>For a rule that needs all updates at once, such as a median, see {@link ListAggregator}.
 */
@FunctionalInterface
public interface Aggregator {
    /** Starts a round; {@code state} is the state the cohort's models were taken from. */
    Aggregation begin(RoundContext round, ServerState state);

    /** Returns what clients need beside the model, by name; read from the state, not copied. By default nothing. */
    default Map<String, NDArray> attachments(ServerState state) {
        return Map.of();
    }

    /**
     * Returns whether {@link #attachments} are ever other than none, which runs that cannot send them ask before the
     * first round. By default not.
     */
    default boolean sendsAttachments() {
        return false;
    }

    /**
     * Returns the facts that the aggregator needs of an update. Some runs withhold those that come from data, and ask
     * before the first round. By default none.
     */
    default Set<Fact<?>> needs() {
        return Set.of();
    }

    /**
     * Returns whether the aggregator needs the delta of an update, which is then refused without one. By default it
     * does. A rule that goes by attachments or facts alone, such as means by class, says that it does not.
     */
    default boolean readsDelta() {
        return true;
    }

    /**
     * Returns whether updates may be of a part of the model, see {@link org.fl4j.tensor.Slice}: the aggregate is then
     * of the coordinates that clients sent. By default not: such updates are refused, and a plan with slices ends the
     * run.
     */
    default boolean takesSlices() {
        return false;
    }

    /**
     * Returns whether the aggregator needs what clients attach to their updates, which some runs cannot let them send:
     * they ask before the first round. By default not.
     */
    default boolean readsAttachments() {
        return false;
    }

    /**
     * Returns of how many updates at least an aggregate can be made; a round with fewer makes nothing. By default 0.
     */
    default int minimumUpdates() {
        return 0;
    }
}
