package org.fl4j.simulation;

import org.fl4j.core.ClientStates;
import org.fl4j.core.Server;

/** Puts a server of one's own in place of the composed one, or around it. */
@FunctionalInterface
public interface ServerDecorator {
    /**
     * Returns the server of a run.
     *
     * @param composed made of the run's selector, aggregator and server optimizer; the run closes it
     * @param states what clients keep between rounds
     */
    Server decorate(Server composed, ClientStates states);
}
