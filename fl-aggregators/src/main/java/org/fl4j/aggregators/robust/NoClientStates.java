package org.fl4j.aggregators.robust;

import ai.djl.ndarray.NDManager;
import java.util.Optional;
import org.fl4j.message.ClientId;
import org.fl4j.message.ClientStates;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;

/** For a client that keeps nothing. */
final class NoClientStates implements ClientStates {
    @Override
    public Optional<StrategyState> load(ClientId client, Slot slot, NDManager manager) {
        return Optional.empty();
    }
}
