package org.fl4j.core;

import org.fl4j.message.StrategyState;
import org.fl4j.tensor.ParameterVector;

/**
 * Applies an aggregated delta to the model: the outer step of Reddi et al. 2021 (arXiv 2003.00295, algorithm 2), with
 * the delta in place of a negative gradient. Pure; moves trainable parameters by its rule, adds the delta of float
 * buffers as it is, and copies integer buffers.
 */
@FunctionalInterface
public interface ServerOptimizer {
    /**
     * Returns the next model, in new arrays.
     *
     * @param model the current model
     * @param delta the aggregated delta, of the model's layout
     * @param state what earlier steps left; empty at first
     */
    Step step(ParameterVector model, ParameterVector delta, StrategyState state);

    /**
     * A step's result.
     *
     * <p>Arrays are compared by identity, so that two are equal only if they hold the same arrays.
     *
     * @param model the next model
     * @param state what the next step needs
     */
    record Step(ParameterVector model, StrategyState state) {}
}
