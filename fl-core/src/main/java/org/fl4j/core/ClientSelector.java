package org.fl4j.core;

import java.util.List;

/**
 * Chooses the cohort of a round: a pure function of its arguments.
 */
@FunctionalInterface
public interface ClientSelector {
    /**
     * Returns exactly {@code min(count, available.size())} distinct available clients, in ascending order. The random
     * choice comes from {@code round}'s seed.
     *
     * @throws IllegalArgumentException if {@code count} is less than 1
     */
    List<ClientId> select(ClientDirectory available, int count, RoundContext round);
}
