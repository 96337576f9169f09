package org.fl4j.aggregators.mira;

/**
 * Who is like whom among the clients of a run, however many these are. A {@link ClientGraph} is one for its own number
 * of clients.
 */
@FunctionalInterface
public interface GraphOfClients {
    /**
     * Returns the graph.
     *
     * @param clients how many clients the run has, at least 1
     * @throws IllegalArgumentException if there is no graph for so many
     */
    ClientGraph of(int clients);
}
