package org.fl4j.testing;

import java.util.List;
import java.util.Map;
import org.fl4j.core.ClientSelector;
import org.fl4j.message.ClientId;
import org.fl4j.message.Facts;
import org.fl4j.message.Receipt;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.StrategyState;
import org.fl4j.world.ClientTimes;

/** Receipts of rounds that nobody computed, for tests of selectors. */
public final class Receipts {
    private Receipts() {}

    /** Makes the receipt of a client whose update was folded. */
    public static Receipt accepted(int client, Facts facts) {
        return Receipt.of(new ClientId(client), Receipt.Outcome.ACCEPTED, /* modelVersion= */ 0, facts);
    }

    /** Makes the receipt of a client that took too long. */
    public static Receipt late(int client, double seconds) {
        return Receipt.of(
                new ClientId(client),
                Receipt.Outcome.LATE,
                /* modelVersion= */ 0,
                Facts.of(ClientTimes.SECONDS, seconds));
    }

    /** Makes the receipt of a client that dropped out. */
    public static Receipt droppedOut(int client) {
        return Receipt.of(new ClientId(client), Receipt.Outcome.DROPPED_OUT, /* modelVersion= */ 0, Facts.none());
    }

    /** Has a selector learn from a round. */
    public static StrategyState learn(
            ClientSelector selector, StrategyState state, RoundContext round, List<Receipt> receipts) {
        return selector.learned(state, new RoundPlan(List.of(), 1, Map.of(), Map.of()), receipts, round);
    }
}
