package org.fl4j.data;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.fl4j.internal.Check;
import org.fl4j.random.Seed;

/**
 * Gives each row to the client it came from: a writer, a device, a hospital. Clients are numbered in the order in which
 * their names first occur, and keep them in the directory; the seed has no effect, for there is nothing to draw.
 *
 * @param owners the owner's name of each row
 */
record NaturalIdPartitioner(List<String> owners) implements Partitioner {
    /** Copies the names. */
    NaturalIdPartitioner {
        owners = List.copyOf(owners);
    }

    @Override
    public Partition partition(int[] labels, int clients, Seed seed) {
        Check.that(
                labels.length == owners.size(), "labels", "as many as the " + owners.size() + " owners", labels.length);
        Map<String, List<Integer>> rows = new LinkedHashMap<>();
        for (int row = 0; row < labels.length; row++) {
            rows.computeIfAbsent(owners.get(row), name -> new ArrayList<>()).add(row);
        }
        Check.that(clients == rows.size(), "clients", "the number of distinct owners, " + rows.size(), clients);
        return Partition.of(rows.values().stream()
                        .map(held -> held.stream().mapToInt(Integer::intValue).toArray())
                        .toList())
                .named(List.copyOf(rows.keySet()));
    }
}
