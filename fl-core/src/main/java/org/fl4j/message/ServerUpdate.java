package org.fl4j.message;

import java.util.List;
import java.util.Map;
import org.fl4j.internal.Check;
import org.fl4j.metrics.Metrics;

/**
 * What a round's updates came to.
 *
 * @param state the next state
 * @param accepted the receipts of the clients whose updates were folded, as the aggregator saw them
 * @param rejected the updates that were left out, in cohort order
 * @param metrics what the aggregator measured
 */
public record ServerUpdate(
        ServerState state, Map<ClientId, Receipt> accepted, List<Rejection> rejected, Metrics metrics) {
    /** Copies the collections. */
    public ServerUpdate {
        Check.present("state", state);
        accepted = Map.copyOf(accepted);
        rejected = List.copyOf(rejected);
    }
}
