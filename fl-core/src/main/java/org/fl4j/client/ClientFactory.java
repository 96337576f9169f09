package org.fl4j.client;

import java.io.Serializable;
import org.fl4j.core.Client;
import org.fl4j.message.ClientId;

/**
 * Makes a client when it is needed. The client lives for one task; what it remembers from round to round is not in it.
 * A factory is serialisable, so that the same program can run its clients elsewhere.
 */
@FunctionalInterface
public interface ClientFactory extends Serializable {
    /** Returns the client with this id, to be used on the worker's thread. */
    Client create(ClientId id, Worker worker);
}
