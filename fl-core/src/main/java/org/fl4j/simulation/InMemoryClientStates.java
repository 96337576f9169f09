package org.fl4j.simulation;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.tensor.TensorEngine;
import org.fl4j.tensor.Tensors;

/** Keeps client states in the CPU's memory, for a run that nobody resumes. */
final class InMemoryClientStates implements ClientStateStore {
    private final NDManager manager = TensorEngine.newManager(Device.cpu());
    private final Map<Place, StrategyState> committed = new ConcurrentHashMap<>();
    private final Map<Place, StrategyState> staged = new ConcurrentHashMap<>();
    private final Earlier before;

    private record Place(ClientId client, String slot) {}

    /** Loads what clients kept before. */
    @FunctionalInterface
    interface Earlier {
        Optional<StrategyState> load(ClientId client, Slot slot, NDManager target);
    }

    /** Starts with none. */
    InMemoryClientStates() {
        this((client, slot, target) -> Optional.empty());
    }

    /** Starts with states that something else loads. */
    InMemoryClientStates(Earlier before) {
        this.before = before;
    }

    @Override
    public Optional<StrategyState> load(ClientId client, Slot slot, NDManager target) {
        return Optional.ofNullable(committed.get(new Place(client, slot.name())))
                .map(state -> copy(state, target.getDevice()))
                .or(() -> before.load(client, slot, target));
    }

    @Override
    public void stage(ClientId client, Slot slot, StrategyState state) {
        StrategyState copy = copy(state, Device.cpu());
        copy.keep(manager);
        free(staged.put(new Place(client, slot.name()), copy));
    }

    @Override
    public void commit(int round, Collection<ClientId> accepted, int oldestNeeded) {
        Set<ClientId> kept = Set.copyOf(accepted);
        staged.forEach((place, state) -> free(kept.contains(place.client()) ? committed.put(place, state) : state));
        staged.clear();
    }

    @Override
    public void requireEmpty() {} // it always starts so

    @Override
    public void restore(int round) {
        Check.that(round == 0, "round to go back to", "0, for client states in memory know no other", round);
    }

    private static StrategyState copy(StrategyState state, Device device) {
        Map<String, NDArray> tensors = new TreeMap<>();
        state.tensors().forEach((name, array) -> tensors.put(name, Tensors.copy(array, device)));
        return new StrategyState(tensors, state.numbers());
    }

    private static void free(StrategyState state) {
        if (state != null) {
            state.tensors().values().forEach(NDArray::close);
        }
    }

    @Override
    public void close() {
        manager.close();
    }
}
