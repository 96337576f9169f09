package org.fl4j.core;

import java.util.OptionalInt;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.function.IntUnaryOperator;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;

/**
 * The clients one can choose from. Positions run from 0 to {@code size() - 1} in ascending order of the ids; ids are
 * made on demand, so that a million registered clients cost no objects. Implementations are immutable.
 */
public interface ClientDirectory {
    /** Returns the number of clients. */
    int size();

    /** Returns the client at a position. */
    ClientId id(int position);

    /** Returns the index of the client at a position, without an object. */
    default int index(int position) {
        return id(position).index();
    }

    /** Returns the position of a client, or nothing if it is not one of these; costs O(log size). */
    default OptionalInt position(ClientId client) {
        int low = 0;
        int high = size() - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int index = index(middle);
            if (index == client.index()) {
                return OptionalInt.of(middle);
            }
            if (index < client.index()) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return OptionalInt.empty();
    }

    /** Returns how many training examples a client holds, at least 0. */
    int exampleCount(ClientId client);

    /** Returns how many training examples the client at a position holds, without an object where that can be. */
    default int examplesAt(int position) {
        return exampleCount(id(position));
    }

    /** Returns what people call the client: a writer, a hospital; by default {@code client 17}. */
    default String name(ClientId client) {
        return client.toString();
    }

    /** Returns the clients for which the predicate on indices holds; asks for each client once, now. */
    default ClientDirectory where(IntPredicate keep) {
        return new SomeClients(this, keep);
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
            public int index(int position) {
                return Check.inRange("position", 0, size - 1, position);
            }

            @Override
            public int examplesAt(int position) {
                return exampleCounts.applyAsInt(index(position));
            }

            @Override
            public int exampleCount(ClientId client) {
                return exampleCounts.applyAsInt(Check.inRange("client index", 0, size - 1, client.index()));
            }
        };
    }
}
