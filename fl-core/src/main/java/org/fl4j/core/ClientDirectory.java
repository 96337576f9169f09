package org.fl4j.core;

import java.util.Set;
import java.util.function.IntUnaryOperator;
import org.fl4j.internal.Check;

/**
 * The clients one can choose from. Positions run from 0 to {@code size() - 1} in ascending order of the ids; ids are made
 * on demand, so that a million registered clients cost no objects. Implementations are immutable.
 */
public interface ClientDirectory {
    /** Returns the number of clients. */
    int size();

    /** Returns the client at a position. */
    ClientId id(int position);

    /** Returns how many training examples a client holds, at least 0. */
    int exampleCount(ClientId client);

    /** Returns what people call the client: a writer, a hospital; by default {@code client 17}. */
    default String name(ClientId client) {
        return client.toString();
    }

    /** Returns a view without some of the clients. */
    default ClientDirectory without(Set<ClientId> excluded) {
        return new RemainingClients(this, excluded);
    }

    /** Returns the directory of clients 0 to {@code size - 1}; {@code exampleCounts} maps an index to a count. */
    static ClientDirectory ofRange(int size, IntUnaryOperator exampleCounts) {
        Check.positive("client count", size);
        return new ClientDirectory() {
            @Override
            public int size() {
                return size;
            }

            @Override
            public ClientId id(int position) {
                return new ClientId(Check.inRange("position", 0, size - 1, position));
            }

            @Override
            public int exampleCount(ClientId client) {
                return exampleCounts.applyAsInt(Check.inRange("client index", 0, size - 1, client.index()));
            }
        };
    }
}
