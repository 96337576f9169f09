package org.fl4j.core;

import java.util.Optional;
import org.fl4j.metrics.Metrics;
import org.fl4j.tensor.ParameterVector;

/**
 * What an aggregation came to.
 *
 * @param delta what the server optimizer is to apply to the model; absent if no update was folded
 * @param strategy the strategy state after this round
 * @param metrics what the aggregator measured
 */
public record Aggregate(Optional<ParameterVector> delta, StrategyState strategy, Metrics metrics) {
    /** Returns an aggregate that changes only the model. */
    public static Aggregate of(Optional<ParameterVector> delta, ServerState state) {
        return new Aggregate(delta, state.strategy(), Metrics.none());
    }
}
