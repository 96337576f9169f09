package org.fl4j.message;

import ai.djl.ndarray.NDManager;
import java.util.Optional;

/**
 * What is kept of clients from one of their rounds to the next, by {@link Slot}: control variates, personal models.
 * Read only: what a client keeps is in its {@link ModelUpdate}. Thread-safe for different clients.
 */
@FunctionalInterface
public interface ClientStates {
    /**
     * Returns what a slot holds of a client as of the last round that it was accepted in, in new arrays on the
     * manager's device that belong to the open scope; nothing if there is none.
     */
    Optional<StrategyState> load(ClientId client, Slot slot, NDManager manager);
}
