package org.fl4j.core;

import java.util.List;
import java.util.Set;
import org.fl4j.message.ClientId;
import org.fl4j.message.Fact;
import org.fl4j.message.Receipt;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.StrategyState;

/**
 * Chooses the cohort of a round: a pure function of its arguments. What a selector learns from rounds, such as who has
 * a high loss, is in the server's {@link StrategyState}, and so in every checkpoint.
 */
@FunctionalInterface
public interface ClientSelector {
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
     * Returns the facts that the selector goes by. Some runs withhold those that come from data, and ask before the
     * first round. By default none.
     */
    default Set<Fact<?>> needs() {
        return Set.of();
    }

    /**
     * Returns the state after a round.
     *
     * @param plan of the round
     * @param receipts one for each client that was asked: those of the cohort in its order, then the absent ones. On a
     *     simulated clock they say how long clients take, {@link org.fl4j.world.ClientTimes#SECONDS}, also of those
     *     that the round did not wait for
     */
    default StrategyState learned(StrategyState state, RoundPlan plan, List<Receipt> receipts, RoundContext round) {
        return state;
    }
}
