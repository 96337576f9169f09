package org.fl4j.execution;

import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;

/**
 * Which task: there is one of each kind for a client in a round.
 *
 * @param round numbered from 1
 * @param client for whom
 * @param kind what is done, such as {@code train} or {@code evaluate}
 */
public record TaskId(int round, ClientId client, String kind) {
    /** Checks for presence. */
    public TaskId {
        Check.present("client", client);
        Check.present("kind", kind);
    }

    @Override
    public String toString() {
        return "round " + round + ", " + client + ", " + kind;
    }
}
