package org.fl4j.selection;

import java.util.List;
import java.util.Set;
import java.util.function.BiPredicate;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientSelector;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.Fact;
import org.fl4j.message.Receipt;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.StrategyState;

/**
 * Chooses by another selector among those clients that a criterion lets through, such as a least number of examples.
 * Criteria compose with {@link BiPredicate#and}. Costs O(clients) besides.
 *
 * @param selector who chooses
 * @param criterion whether a client may be chosen in a round
 */
public record FilteredSelector(ClientSelector selector, BiPredicate<ClientId, RoundContext> criterion)
        implements ClientSelector {
    /** Checks for presence. */
    public FilteredSelector {
        Check.present("selector", selector);
        Check.present("criterion", criterion);
    }

    private ClientDirectory feasible(ClientDirectory available, RoundContext round) {
        return available.where(index -> criterion.test(new ClientId(index), round));
    }

    @Override
    public List<ClientId> select(ClientDirectory available, int count, RoundContext round, StrategyState state) {
        return selector.select(feasible(available, round), count, round, state);
    }

    @Override
    public boolean choosesCount() {
        return selector.choosesCount();
    }

    @Override
    public Set<Fact<?>> needs() {
        return selector.needs();
    }

    @Override
    public StrategyState learned(StrategyState state, RoundPlan plan, List<Receipt> receipts, RoundContext round) {
        return selector.learned(state, plan, receipts, round);
    }
}
