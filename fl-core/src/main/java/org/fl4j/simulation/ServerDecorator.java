package org.fl4j.simulation;

import org.fl4j.core.ClientStates;
import org.fl4j.core.Server;
import org.fl4j.server.UpdatePolicy;

/** Puts a server of one's own in place of the composed one, or around it. */
@FunctionalInterface
public interface ServerDecorator {
    /**
     * Returns the server of a run.
     *
     * @param server made of the run's selector, aggregator and server optimizer, or what an earlier decorator made of it
     * @param states what clients keep between rounds
     * @param updates which updates a round takes
     */
    Server decorate(Server server, ClientStates states, UpdatePolicy updates);
}
