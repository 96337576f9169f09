package org.fl4j.core;

import java.io.Serializable;

/** How important a client is. Called by the server and by workers at once. */
@FunctionalInterface
public interface ClientPriority extends Serializable {
    /** Returns its rank, at least 0; 0 is the most important. */
    int rank(ClientId client);

    /** Returns the priority by which all clients are alike: rank 0. */
    static ClientPriority same() {
        return client -> 0;
    }
}
