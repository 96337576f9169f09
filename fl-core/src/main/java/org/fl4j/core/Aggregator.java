package org.fl4j.core;

/**
 * Combines a round's updates into one. An aggregator is a recipe without state of its own: what it must remember from
 * round to round it reads from {@link ServerState#strategy()} and returns in its {@link Aggregate}.
 *
 * <p>For a rule that needs all updates at once, such as a median, see {@link ListAggregator}.
 */
@FunctionalInterface
public interface Aggregator {
    /** Starts a round; {@code state} is the state the cohort's models were taken from. */
    Aggregation begin(RoundContext round, ServerState state);
}
