package org.fl4j.data;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.random.Seed;

/**
 * Shares rows out in two levels: first among groups, then within each group among its clients. It models regions or
 * hospitals whose clients are alike, and unlike those of other groups. Groups have consecutive clients, and their
 * numbers of clients differ by one at most.
 *
 * @param groups at least 1
 * @param between how groups differ
 * @param within how the clients of a group differ
 */
record HierarchicalPartitioner(int groups, Partitioner between, Partitioner within) implements Partitioner {
    HierarchicalPartitioner {
        Check.positive("groups", groups);
        requirePlain("between", between);
        requirePlain("within", within);
    }

    private static void requirePlain(String name, Partitioner part) {
        Check.that(
                !Check.present(name, part).changesExamples(),
                name,
                "a partitioner that leaves examples as they are",
                part);
    }

    @Override
    public Partition partition(int[] labels, int clients, Seed seed) {
        Check.that(clients >= groups, "clients", "at least the number of groups, " + groups, clients);
        Partition outer = between.partition(labels, groups, seed.derive("between groups"));
        List<int[]> held = new ArrayList<>(clients);
        for (int group = 0; group < groups; group++) {
            int[] rows = outer.rows(new ClientId(group));
            int members = clients / groups + (group < clients % groups ? 1 : 0);
            int[] own = IntStream.of(rows).map(row -> labels[row]).toArray();
            Partition inner =
                    within.partition(own, members, seed.derive("within a group").derive(group));
            for (int member = 0; member < members; member++) {
                held.add(IntStream.of(inner.rows(new ClientId(member)))
                        .map(i -> rows[i])
                        .toArray());
            }
        }
        // the parts were checked by the partitioners that made them
        return Partition.of(held, Partition.Allowance.SHARED_ROWS, Partition.Allowance.EMPTY_CLIENTS);
    }
}
