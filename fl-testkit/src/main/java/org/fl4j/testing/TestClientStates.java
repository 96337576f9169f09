package org.fl4j.testing;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.fl4j.message.ClientId;
import org.fl4j.message.ClientStore;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.tensor.TensorEngine;

/** Client states for tests of single clients: what is staged takes effect at once, and is freed with the process. */
public final class TestClientStates implements ClientStore {
    private final Map<List<Object>, StrategyState> states = new ConcurrentHashMap<>();
    private final NDManager manager = TensorEngine.newManager(Device.cpu());

    @Override
    public Optional<StrategyState> load(ClientId client, Slot slot, NDManager target) {
        return Optional.ofNullable(states.get(List.of(client, slot))).map(TestClientStates::copy);
    }

    @Override
    public void stage(ClientId client, Slot slot, StrategyState state) {
        StrategyState copy = copy(state);
        copy.keep(manager);
        states.put(List.of(client, slot), copy);
    }

    private static StrategyState copy(StrategyState state) {
        Map<String, NDArray> tensors = new TreeMap<>();
        state.tensors().forEach((name, array) -> tensors.put(name, array.duplicate()));
        return new StrategyState(tensors, state.numbers());
    }
}
