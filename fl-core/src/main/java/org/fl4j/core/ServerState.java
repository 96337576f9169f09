package org.fl4j.core;

import ai.djl.ndarray.NDManager;
import org.fl4j.internal.Check;
import org.fl4j.tensor.ParameterVector;

/**
 * All that a run carries from one round to the next; a checkpoint is this value on disk.
 *
 * @param round how many rounds are behind it; 0 for the initial state
 * @param model the global model
 * @param strategy what strategies remember
 */
public record ServerState(int round, ParameterVector model, StrategyState strategy) {
    /** Checks for presence. */
    public ServerState {
        Check.atLeast("round", 0, round);
        Check.present("model", model);
        Check.present("strategy", strategy);
    }

    /** Takes all arrays out of the open scope and hands them to a manager: the one place where a state outlives a round. */
    public ServerState keep(NDManager manager) {
        model.keep(manager);
        strategy.keep(manager);
        return this;
    }
}
