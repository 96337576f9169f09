package org.fl4j.core;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.fl4j.tensor.ParameterVector;

/**
 * What strategies must remember from one round to the next (moments, control variates, thresholds), by name. It is part
 * of the server state and so of every checkpoint. Names start with the strategy's, as in {@code fedadam/m}.
 *
 * @param tensors arrays that are not changed once they are here
 * @param numbers single values
 */
public record StrategyState(Map<String, NDArray> tensors, Map<String, Double> numbers) {
    private static final StrategyState EMPTY = new StrategyState(Map.of(), Map.of());

    /** Copies the maps. */
    public StrategyState {
        tensors = Collections.unmodifiableMap(new TreeMap<>(tensors));
        numbers = Collections.unmodifiableMap(new TreeMap<>(numbers));
    }

    /** Returns the state that remembers nothing. */
    public static StrategyState empty() {
        return EMPTY;
    }

    /** Returns the tensor of that name, if it was ever set. */
    public Optional<NDArray> tensor(String name) {
        return Optional.ofNullable(tensors.get(name));
    }

    /** Returns the number of that name, if it was ever set. */
    public Optional<Double> number(String name) {
        return Optional.ofNullable(numbers.get(name));
    }

    /** Returns this state with one tensor set. */
    public StrategyState with(String name, NDArray value) {
        Map<String, NDArray> changed = new TreeMap<>(tensors);
        changed.put(name, value);
        return new StrategyState(changed, numbers);
    }

    /** Returns this state with one number set. */
    public StrategyState with(String name, double value) {
        Map<String, Double> changed = new TreeMap<>(numbers);
        changed.put(name, value);
        return new StrategyState(tensors, changed);
    }

    /** Takes the tensors out of the open scope and hands them to a manager. */
    public void keep(NDManager manager) {
        tensors.values().forEach(array -> ParameterVector.keep(array, manager));
    }
}
