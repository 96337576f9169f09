package org.fl4j.privacy.ftrl;

import java.util.Arrays;
import java.util.List;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientSelector;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.RoundContext;
import org.fl4j.message.StrategyState;
import org.fl4j.random.Sampling;

/**
 * Every client takes part once an epoch at most: clients are shuffled anew for each epoch and taken in blocks, and
 * those left over sit it out. All clients must be there in every round. Costs O(clients) a round.
 *
 * @param rounds of an epoch, at least 1; there must be clients for them all
 */
public record EpochSelector(int rounds) implements ClientSelector {
    /** Checks the number. */
    public EpochSelector {
        Check.positive("rounds", rounds);
    }

    /** Returns the epoch of a round, from 0. */
    public int epoch(int round) {
        return (round - 1) / rounds;
    }

    /** Returns in how many epochs a client may have taken part by the end of a round. */
    public int participations(int round) {
        return epoch(round) + 1;
    }

    /** Refuses clients that are too few for an epoch of cohorts of this size. */
    public void requireClients(int clients, int cohort) {
        long needed = (long) cohort * rounds;
        Check.that(
                needed <= clients,
                "cohort times rounds of an epoch",
                "at most the clients, " + clients + ", for each takes part once",
                needed);
    }

    @Override
    public boolean choosesCount() {
        return true;
    }

    @Override
    public List<ClientId> select(ClientDirectory available, int count, RoundContext round, StrategyState state) {
        Check.positive("count", count);
        Check.that(
                available.size() == round.clientCount(),
                "clients that are available",
                "all, " + round.clientCount() + ", or they would take part out of turn",
                available.size());
        requireClients(available.size(), count);
        int[] order = Sampling.permutation(
                available.size(),
                round.runSeed()
                        .derive("order of clients")
                        .derive(epoch(round.number()))
                        .generator());
        int from = (round.number() - 1) % rounds * count;
        return Arrays.stream(order, from, from + count)
                .sorted()
                .mapToObj(available::id)
                .toList();
    }
}
