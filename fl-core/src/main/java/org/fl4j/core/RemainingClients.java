package org.fl4j.core;

import java.util.Arrays;
import java.util.Set;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;

/** A directory without a few of its clients. */
final class RemainingClients implements ClientDirectory {
    private final ClientDirectory all;
    private final int[] excluded; // positions in the other directory, ascending

    RemainingClients(ClientDirectory all, Set<ClientId> clients) {
        this.all = all;
        excluded = clients.stream()
                .flatMapToInt(client -> all.position(client).stream())
                .sorted()
                .toArray();
    }

    @Override
    public int size() {
        return all.size() - excluded.length;
    }

    @Override
    public ClientId id(int position) {
        Check.inRange("position", 0, size() - 1, position);
        return all.id(shifted(position));
    }

    @Override
    public int index(int position) {
        Check.inRange("position", 0, size() - 1, position);
        return all.index(shifted(position));
    }

    /** The position in the other directory: as many more as there are excluded ones before it. */
    private int shifted(int position) {
        int low = 0;
        int high = excluded.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (excluded[middle] - middle <= position) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return position + low;
    }

    @Override
    public int exampleCount(ClientId client) {
        return all.exampleCount(client);
    }

    @Override
    public String name(ClientId client) {
        return all.name(client);
    }

    @Override
    public String toString() {
        return all + " without " + Arrays.toString(excluded);
    }
}
