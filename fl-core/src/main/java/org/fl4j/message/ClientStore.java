package org.fl4j.message;

/**
 * Where a run keeps what its servers and clients keep, by {@link Slot}: servers stage here themselves, and executors
 * stage what is in clients' updates. A state that was staged replaces the earlier one of its slot when the round has
 * ended and the client's update was accepted, and is forgotten otherwise; so a failed round leaves no trace.
 */
public interface ClientStore extends ClientStates {
    /** Copies a state, to take effect when this round has ended. */
    void stage(ClientId client, Slot slot, StrategyState state);
}
