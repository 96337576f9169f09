package org.fl4j.message;

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
 * <p>Arrays are compared by identity, so that two are equal only if they hold the same arrays.
 *
 * @param tensors arrays that are not changed once they are here
 * @param numbers single values
 * @param columns one value for each client
 */
public record StrategyState(
        Map<String, NDArray> tensors, Map<String, Double> numbers, Map<String, ClientColumn> columns) {
    private static final StrategyState EMPTY = new StrategyState(Map.of(), Map.of());

    /** Copies the maps. */
    public StrategyState {
        tensors = Collections.unmodifiableMap(new TreeMap<>(tensors));
        numbers = Collections.unmodifiableMap(new TreeMap<>(numbers));
        columns = Collections.unmodifiableMap(new TreeMap<>(columns));
    }

    /** Has no columns. */
    public StrategyState(Map<String, NDArray> tensors, Map<String, Double> numbers) {
        this(tensors, numbers, Map.of());
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

    /** Returns the column of that name, if it was ever set. */
    public Optional<ClientColumn> column(String name) {
        return Optional.ofNullable(columns.get(name));
    }

    /** Returns this state with one tensor set. */
    public StrategyState with(String name, NDArray value) {
        return new StrategyState(changed(tensors, name, value), numbers, columns);
    }

    /** Returns this state with one number set. */
    public StrategyState with(String name, double value) {
        return new StrategyState(tensors, changed(numbers, name, value), columns);
    }

    /** Returns this state with one column set. */
    public StrategyState with(String name, ClientColumn value) {
        return new StrategyState(tensors, numbers, changed(columns, name, value));
    }

    /** Returns this state without a tensor, which need not be there. */
    public StrategyState without(String tensor) {
        Map<String, NDArray> others = new TreeMap<>(tensors);
        others.remove(tensor);
        return withTensors(others);
    }

    /** Returns this state with other tensors. */
    public StrategyState withTensors(Map<String, NDArray> others) {
        return new StrategyState(others, numbers, columns);
    }

    private static <T> Map<String, T> changed(Map<String, T> map, String name, T value) {
        Map<String, T> changed = new TreeMap<>(map);
        changed.put(name, value);
        return changed;
    }

    /** Takes the tensors out of the open scope and hands them to a manager. */
    public void keep(NDManager manager) {
        tensors.values().forEach(array -> ParameterVector.keep(array, manager));
    }
}
