package org.fl4j.client;

import ai.djl.ndarray.NDArray;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;

/** What a client wants to remember of the training that it is at. */
final class KeptStates {
    private final Map<Slot, StrategyState> states = new HashMap<>();

    /**
     * Returns those of a client that trains now.
     *
     * @throws IllegalStateException if it does not
     */
    static KeptStates now(Optional<KeptStates> states, ClientId client, Slot slot) {
        return states.orElseThrow(() -> new IllegalStateException("slot " + slot.name() + " of " + client
                + " must be kept while the client trains, for what it keeps is part of its update"));
    }

    /** Takes a copy of a state, in place of an earlier one. */
    void put(Slot slot, StrategyState state) {
        Slot.requireOfClient(slot);
        Map<String, NDArray> tensors = new TreeMap<>();
        state.tensors().forEach((name, array) -> tensors.put(name, array.duplicate()));
        states.put(slot, state.withTensors(tensors));
    }

    /** Returns an update with these states; what it keeps already goes before. */
    ModelUpdate addedTo(ModelUpdate update) {
        if (states.isEmpty()) {
            return update;
        }
        Map<Slot, StrategyState> all = new HashMap<>(states);
        all.putAll(update.kept());
        return update.withKept(all);
    }
}
