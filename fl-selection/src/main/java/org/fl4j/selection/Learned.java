package org.fl4j.selection;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.fl4j.message.ClientId;
import org.fl4j.message.Facts;
import org.fl4j.message.Receipt;
import org.fl4j.world.ClientTimes;

/** What selectors learn from the receipts of a round. */
final class Learned {
    private Learned() {}

    /** Returns the facts of the clients whose updates were accepted. */
    static Map<ClientId, Facts> accepted(List<Receipt> receipts) {
        return of(receipts, receipt -> receipt.outcome() == Receipt.Outcome.ACCEPTED);
    }

    /**
     * Returns the facts of the clients that nobody waited for: they were too slow, or dropped out. Without a simulated
     * clock there are none: who is late then was last in the order of the cohort, which says nothing of the client.
     */
    static Map<ClientId, Facts> missed(List<Receipt> receipts) {
        return of(
                receipts,
                receipt -> receipt.outcome() == Receipt.Outcome.DROPPED_OUT
                        || (receipt.outcome() == Receipt.Outcome.LATE
                                && receipt.facts().find(ClientTimes.SECONDS).isPresent()));
    }

    private static Map<ClientId, Facts> of(List<Receipt> receipts, Predicate<Receipt> condition) {
        Map<ClientId, Facts> facts = new TreeMap<>();
        receipts.stream().filter(condition).forEach(receipt -> facts.put(receipt.client(), receipt.facts()));
        return facts;
    }
}
