package org.fl4j.core;

import ai.djl.ndarray.NDManager;
import java.util.Optional;

/**
 * What is kept of clients from one of their rounds to the next, by {@link Slot}: control variates, personal models. A
 * state that was staged replaces the earlier one of its slot when the round has ended and the client's update was
 * accepted, and is forgotten otherwise; so a failed round leaves no trace. Thread-safe for different clients.
 */
public interface ClientStates {
    /**
     * Returns what a slot holds of a client as of the last round that it was accepted in, in new arrays on the
     * manager's device that belong to the open scope; nothing if there is none.
     */
    Optional<StrategyState> load(ClientId client, Slot slot, NDManager manager);

    /** Copies a state, to take effect when this round has ended. */
    void stage(ClientId client, Slot slot, StrategyState state);
}
