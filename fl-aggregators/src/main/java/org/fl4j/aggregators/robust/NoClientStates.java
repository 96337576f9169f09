package org.fl4j.aggregators.robust;

import ai.djl.ndarray.NDManager;
import java.util.Optional;
import org.fl4j.core.ClientId;
import org.fl4j.core.ClientStates;
import org.fl4j.core.Slot;
import org.fl4j.core.StrategyState;

/** For a client that keeps nothing. */
final class NoClientStates implements ClientStates {
    @Override
    public Optional<StrategyState> load(ClientId client, Slot slot, NDManager manager) {
        return Optional.empty();
    }
}
