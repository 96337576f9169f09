package org.fl4j.selection;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientSelector;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientColumn;
import org.fl4j.message.ClientId;
import org.fl4j.message.Facts;
import org.fl4j.message.Receipt;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.StrategyState;
import org.fl4j.random.Smallest;

/**
 * Clients take turns: those come first whose last turn is longest ago, ties by id. A turn counts when the client took
 * part or was not waited for. Costs O(clients).
 */
public record RoundRobinSelector() implements ClientSelector {
    private static final String LAST = "round-robin/last round";

    @Override
    public List<ClientId> select(ClientDirectory available, int count, RoundContext round, StrategyState state) {
        Check.positive("count", count);
        ClientColumn last = last(state, round);
        Smallest longestAgo = new Smallest(Math.min(count, available.size()));
        for (int position = 0; position < available.size(); position++) {
            longestAgo.offer(last.get(available.index(position)), position);
        }
        return Arrays.stream(longestAgo.ids()).sorted().mapToObj(available::id).toList();
    }

    private static ClientColumn last(StrategyState state, RoundContext round) {
        return ColumnUpdate.column(state, LAST, round.clientCount(), 0);
    }

    @Override
    public StrategyState learned(StrategyState state, RoundPlan plan, List<Receipt> receipts, RoundContext round) {
        Map<ClientId, Facts> turns = Learned.accepted(receipts);
        turns.putAll(Learned.missed(receipts));
        return state.with(LAST, ColumnUpdate.changed(last(state, round), turns, (old, any) -> round.number()));
    }
}
