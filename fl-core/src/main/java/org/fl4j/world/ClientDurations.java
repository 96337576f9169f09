package org.fl4j.world;

import org.fl4j.message.ClientId;
import org.fl4j.message.RoundContext;

/** How long clients take, in simulated seconds. */
@FunctionalInterface
public interface ClientDurations {
    /**
     * Returns how long it is from the broadcast until the client's update has arrived: positive and finite, always the
     * same for the same arguments.
     *
     * @param round the round in which the client starts
     * @param work what it has to do
     */
    double seconds(ClientId client, RoundContext round, Workload work);
}
