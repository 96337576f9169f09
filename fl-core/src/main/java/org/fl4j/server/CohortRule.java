package org.fl4j.server;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientId;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.RoundContext;

/** What a selector's answer must be. A client that is chosen twice would train twice, and a longer cohort would cost more than was asked for. */
final class CohortRule {
    private CohortRule() {}

    /**
     * Returns the cohort.
     *
     * @throws IllegalStateException if the selector breaks its contract; names round, selector, rule and value
     */
    static List<ClientId> require(
            ClientSelector selector, List<ClientId> cohort, ClientDirectory available, int count, RoundContext round) {
        if (cohort == null) {
            throw broken(selector, round, "return a list", null);
        }
        if (cohort.size() > count && !selector.choosesCount()) {
            throw broken(selector, round, "choose at most " + count + " clients", cohort);
        }
        Set<ClientId> seen = new HashSet<>();
        for (ClientId client : cohort) {
            if (client == null || available.position(client).isEmpty()) {
                throw broken(selector, round, "choose only available clients", client);
            }
            if (!seen.add(client)) {
                throw broken(selector, round, "choose each client at most once", client);
            }
        }
        return cohort;
    }

    private static IllegalStateException broken(
            ClientSelector selector, RoundContext round, String rule, Object value) {
        return new IllegalStateException("round " + round.number() + ": selector "
                + selector.getClass().getName() + " must " + rule + ", but chose " + value);
    }
}
