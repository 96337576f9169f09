package org.fl4j.simulation;

import org.fl4j.message.ClientId;

/** A client threw; its exception is the cause. */
public final class ClientFailedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int round;
    private final int clientIndex;

    /** Names round and client. */
    public ClientFailedException(int round, ClientId client, Throwable cause) {
        super("round " + round + ", " + client + " failed: " + cause, cause);
        this.round = round;
        clientIndex = client.index();
    }

    /** Returns the round, numbered from 1. */
    public int round() {
        return round;
    }

    /** Returns the client. */
    public ClientId client() {
        return new ClientId(clientIndex);
    }
}
