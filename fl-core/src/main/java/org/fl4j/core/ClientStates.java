package org.fl4j.core;

import ai.djl.ndarray.NDManager;
import java.util.Optional;

/**
 * What clients keep from one of their rounds to the next: control variates, personal models. A state that was staged
 * replaces the client's earlier one when the round has ended and the client's update was accepted, and is forgotten
 * otherwise; so a failed round leaves no trace. Thread-safe for different clients.
 */
public interface ClientStates {
    /**
     * Returns the client's state as of the last round that it was accepted in, in new arrays on the manager's device that
     * belong to the open scope; nothing if there is none.
     */
    Optional<StrategyState> load(ClientId client, NDManager manager);

    /** Copies a state, to take effect when this round has ended. */
    void stage(ClientId client, StrategyState state);
}
