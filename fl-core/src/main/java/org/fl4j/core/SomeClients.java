package org.fl4j.core;

import java.util.Arrays;
import java.util.function.IntPredicate;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;

/** Some clients of a directory, four bytes each. */
final class SomeClients implements ClientDirectory {
    private final ClientDirectory all;
    private final int[] indices;

    SomeClients(ClientDirectory all, IntPredicate keep) {
        this.all = all;
        int[] kept = new int[all.size()];
        int count = 0;
        for (int position = 0; position < kept.length; position++) {
            int index = all.index(position);
            if (keep.test(index)) {
                kept[count++] = index;
            }
        }
        indices = Arrays.copyOf(kept, count);
    }

    @Override
    public int size() {
        return indices.length;
    }

    @Override
    public ClientId id(int position) {
        return new ClientId(index(position));
    }

    @Override
    public int index(int position) {
        return indices[Check.inRange("position", 0, size() - 1, position)];
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
        return indices.length + " clients of " + all;
    }
}
