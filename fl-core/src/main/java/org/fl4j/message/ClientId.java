package org.fl4j.message;

import org.fl4j.internal.Check;

/**
 * Identifies a client within a run. Every per-client result is keyed by it, and every per-client random seed derives
 * from it.
 *
 * @param index at least 0
 */
public record ClientId(int index) implements Comparable<ClientId> {
    /** Checks the index. */
    public ClientId {
        Check.atLeast("client index", 0, index);
    }

    /** Written out, because maps of clients are everywhere and a record's own is slow until it is compiled. */
    @Override
    public boolean equals(Object other) {
        return other instanceof ClientId client && client.index == index;
    }

    @Override
    public int hashCode() {
        return index;
    }

    @Override
    public int compareTo(ClientId other) {
        return Integer.compare(index, other.index);
    }

    @Override
    public String toString() {
        return "client " + index;
    }
}
