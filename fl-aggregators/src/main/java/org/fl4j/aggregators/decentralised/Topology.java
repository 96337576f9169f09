package org.fl4j.aggregators.decentralised;

/** Who talks to whom. Pure: the same number of nodes and round give the same graph. */
@FunctionalInterface
public interface Topology {
    /**
     * Returns the graph of a round.
     *
     * @param nodes how many there are, at least 1
     * @param round numbered from 1
     * @throws IllegalArgumentException if there is no such graph of so many nodes
     */
    NodeGraph of(int nodes, int round);

    /** Returns whether graphs differ from round to round, so that each need not be connected. By default not. */
    default boolean varies() {
        return false;
    }
}
