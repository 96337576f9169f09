package org.fl4j.simulation;

import org.fl4j.metrics.Metrics;

/**
 * Looks at the world outside a run before a round is planned: the load of the machine, say. What it sees is recorded
 * with the round, so that {@link Simulation#replay} can take the record instead.
 */
@FunctionalInterface
public interface RoundObserver {
    /** The prefix of the names of what is observed. */
    String PREFIX = "observed/";

    /**
     * Returns what is seen now.
     *
     * @param round the round that begins, numbered from 1
     * @return numbers whose names begin with {@link #PREFIX}
     */
    Metrics observe(int round);
}
