package org.fl4j.server;

import java.util.List;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientSelector;
import org.fl4j.message.ClientId;
import org.fl4j.message.RoundContext;
import org.fl4j.message.StrategyState;

/**
 * What a selector's answer must be. A client that is chosen twice would train twice, and a longer cohort would cost
 * more than was asked for.
 */
public final class CohortRule {
    private static final int SHOWN = 20; // a longer cohort is not printed

    private CohortRule() {}

    /**
     * Asks a selector for a cohort.
     *
     * @param available who may be chosen
     * @param count how many, at least 1
     * @param state what the selector has learned
     * @throws StrategyFailedException if the selector breaks its contract; names round, selector, rule and value
     */
    public static List<ClientId> select(
            ClientSelector selector, ClientDirectory available, int count, RoundContext round, StrategyState state) {
        List<ClientId> cohort = StrategyCall.ask(
                round.number(), "selector", selector, "select", () -> selector.select(available, count, round, state));
        return require(selector, cohort, available, count, round);
    }

    static List<ClientId> require(
            ClientSelector selector, List<ClientId> cohort, ClientDirectory available, int count, RoundContext round) {
        int expected = Math.min(count, available.size());
        if (cohort.size() != expected && !selector.choosesCount()) {
            throw broken(selector, round, "choose " + expected + " clients, but chose " + cohort.size(), cohort);
        }
        ClientId last = null;
        for (ClientId client : cohort) {
            if (client == null || available.position(client).isEmpty()) {
                throw broken(selector, round, "choose only available clients, but chose " + client, cohort);
            }
            if (last != null && client.compareTo(last) <= 0) {
                String rule = client.equals(last) ? "choose each client once" : "choose clients in ascending order";
                throw broken(selector, round, rule + ", but chose " + client + " after " + last, cohort);
            }
            last = client;
        }
        return cohort;
    }

    private static StrategyFailedException broken(
            ClientSelector selector, RoundContext round, String fault, List<ClientId> cohort) {
        String shown = cohort.size() <= SHOWN ? ": " + cohort : "";
        return StrategyFailedException.broke(round.number(), "selector", selector, fault + shown);
    }
}
