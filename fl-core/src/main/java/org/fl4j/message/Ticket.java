package org.fl4j.message;

import org.fl4j.internal.Check;
import org.fl4j.random.Seed;

/**
 * Whom a task is for, and where its random numbers come from. The seed is derived from the run's seed by a one-way
 * function, so a client can compute neither the run's seed nor another client's.
 *
 * @param client the receiver
 * @param round the round that it is sent in, from 1
 * @param seed of this client in this round
 */
public record Ticket(ClientId client, int round, Seed seed) {
    /** Checks the number. */
    public Ticket {
        Check.present("client", client);
        Check.positive("round number", round);
        Check.present("seed", seed);
    }
}
