package org.fl4j.core;

import ai.djl.ndarray.NDArray;
import java.util.Map;
import java.util.Optional;
import org.fl4j.message.ServerState;
import org.fl4j.message.StrategyState;
import org.fl4j.metrics.Metrics;
import org.fl4j.tensor.ParameterVector;

/**
 * What an aggregation came to.
 *
 * <p>Arrays are compared by identity, so that two are equal only if they hold the same arrays.
 *
 * @param delta what the server optimizer is to apply to the model; absent if no update was folded
 * @param models the new values of the state's other models, by name; those that are not named stay as they are
 * @param strategy the strategy state after this round
 * @param metrics what the aggregator measured
 * @param covered which floats of the delta some client has sent, if not all: boolean, shape (floatCount). The others
 *     keep their values in the model, whatever the server optimizer does
 */
public record Aggregate(
        Optional<ParameterVector> delta,
        Map<String, ParameterVector> models,
        StrategyState strategy,
        Metrics metrics,
        Optional<NDArray> covered) {
    /** Copies the map. */
    public Aggregate {
        models = Map.copyOf(models);
    }

    /** Covers all floats. */
    public Aggregate(
            Optional<ParameterVector> delta,
            Map<String, ParameterVector> models,
            StrategyState strategy,
            Metrics metrics) {
        this(delta, models, strategy, metrics, Optional.empty());
    }

    /** Returns the same aggregate of some floats of the model. */
    public Aggregate covering(NDArray some) {
        return new Aggregate(delta, models, strategy, metrics, Optional.of(some));
    }

    /** Changes the global model alone. */
    public Aggregate(Optional<ParameterVector> delta, StrategyState strategy, Metrics metrics) {
        this(delta, Map.of(), strategy, metrics);
    }

    /** Returns an aggregate that changes only the model. */
    public static Aggregate of(Optional<ParameterVector> delta, ServerState state) {
        return new Aggregate(delta, state.strategy(), Metrics.none());
    }
}
