package org.fl4j.core;

import java.util.List;
import java.util.Map;
import org.fl4j.metrics.Metrics;

/**
 * Chooses the cohort of a round: a pure function of its arguments. What a selector learns from rounds, such as who has
 * a high loss, is in the server's {@link StrategyState}, and so in every checkpoint.
 */
@FunctionalInterface
public interface ClientSelector {
    /** The name of a metric that updates have on a simulated clock: how long the client took, in seconds. */
    String CLIENT_SECONDS = "time/client seconds";

    /**
     * Returns exactly {@code min(count, available.size())} distinct available clients, in ascending order. The random
     * choice comes from {@code round}'s seed.
     *
     * @param available who may be chosen
     * @param count how many
     * @param state what was learned from earlier rounds
     * @throws IllegalArgumentException if {@code count} is less than 1
     */
    List<ClientId> select(ClientDirectory available, int count, RoundContext round, StrategyState state);

    /**
     * Returns whether the selector decides how many clients take part, and {@code count} is a mean at most, as in
     * Poisson sampling. By default not: a cohort larger than asked for is refused.
     */
    default boolean choosesCount() {
        return false;
    }

    /**
     * Returns whether the selector goes by what clients measured, which some runs withhold from it: they ask before the
     * first round. By default not. How long clients took is never withheld.
     */
    default boolean readsMetrics() {
        return false;
    }

    /**
     * Returns the state after a round.
     *
     * @param measured what the clients whose updates were accepted had measured
     */
    default StrategyState learned(StrategyState state, RoundContext round, Map<ClientId, Metrics> measured) {
        return state;
    }

    /**
     * Returns the state after a round on a simulated clock in which nobody waited for some of the clients that were
     * chosen: they were too slow, or dropped out.
     *
     * @param seconds how long they would have taken; infinite for one that dropped out
     */
    default StrategyState missed(StrategyState state, RoundContext round, Map<ClientId, Double> seconds) {
        return state;
    }
}
