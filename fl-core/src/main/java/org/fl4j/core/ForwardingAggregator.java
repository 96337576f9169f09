package org.fl4j.core;

import ai.djl.ndarray.NDArray;
import java.util.Map;
import java.util.Set;
import org.fl4j.message.Fact;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;

/** An aggregator around another one, of which it has all properties that it does not say itself. */
public interface ForwardingAggregator extends Aggregator {
    /** Returns the aggregator inside. */
    Aggregator aggregator();

    @Override
    default Aggregation begin(RoundContext round, ServerState state) {
        return aggregator().begin(round, state);
    }

    @Override
    default Map<String, NDArray> attachments(ServerState state) {
        return aggregator().attachments(state);
    }

    @Override
    default boolean sendsAttachments() {
        return aggregator().sendsAttachments();
    }

    @Override
    default boolean readsAttachments() {
        return aggregator().readsAttachments();
    }

    @Override
    default Set<Fact<?>> needs() {
        return aggregator().needs();
    }

    @Override
    default boolean readsDelta() {
        return aggregator().readsDelta();
    }

    @Override
    default boolean takesSlices() {
        return aggregator().takesSlices();
    }

    @Override
    default int minimumUpdates() {
        return aggregator().minimumUpdates();
    }
}
