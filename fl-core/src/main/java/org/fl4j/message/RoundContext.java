package org.fl4j.message;

import org.fl4j.internal.Check;
import org.fl4j.metrics.Metrics;
import org.fl4j.random.Seed;

/**
 * One round of a run, frozen: what every strategy may know about where it is.
 *
 * @param number 1 for the first round
 * @param runSeed the seed of the whole run
 * @param clientCount how many clients the run has, selected or not
 * @param updates where updates wait for the end of the round, if an aggregator needs all of them at once
 * @param observed what was seen of the world outside before the round was planned, such as the machine's load; recorded
 *     with the round
 */
public record RoundContext(int number, Seed runSeed, int clientCount, UpdateStore updates, Metrics observed) {
    /** Checks the number. */
    public RoundContext {
        Check.positive("round number", number);
        Check.present("runSeed", runSeed);
        Check.positive("clientCount", clientCount);
        Check.present("updates", updates);
        Check.present("observed", observed);
    }

    /** Has observed nothing. */
    public RoundContext(int number, Seed runSeed, int clientCount, UpdateStore updates) {
        this(number, runSeed, clientCount, updates, Metrics.none());
    }

    /** Keeps updates in memory. */
    public RoundContext(int number, Seed runSeed, int clientCount) {
        this(number, runSeed, clientCount, UpdateStore.inMemory());
    }

    /** Returns this round's seed for one purpose, such as {@code "client selection"}. */
    public Seed seed(String purpose) {
        return runSeed.derive(purpose).derive(number);
    }

    /** Returns what a client's task in this round is told about it. */
    public Ticket ticket(ClientId client) {
        return new Ticket(client, number, runSeed.oneWay("client task", number, client.index()));
    }

    /**
     * Returns this round's seed for one purpose of one client, on the server; clients have the seed of their
     * {@link #ticket}.
     */
    public Seed seed(String purpose, ClientId client) {
        return seed(purpose).derive(client.index());
    }
}
