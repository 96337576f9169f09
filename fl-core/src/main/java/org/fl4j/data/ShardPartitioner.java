package org.fl4j.data;

import java.util.ArrayList;
import java.util.List;
import org.fl4j.internal.Check;
import org.fl4j.random.Sampling;
import org.fl4j.random.Seed;

/**
 * Sorts rows by label, cuts them into equal shards and deals each client some: with 2 shards most clients see two
 * classes only (the pathological split of McMahan et al. 2017, arXiv 1602.05629, section 3). Rows that do not fill the
 * shards evenly go, one each, to the first shards, so that every row has one holder.
 *
 * @param shardsPerClient at least 1
 */
record ShardPartitioner(int shardsPerClient) implements Partitioner {
    /** Checks the count. */
    ShardPartitioner {
        Check.positive("shardsPerClient", shardsPerClient);
    }

    @Override
    public Partition partition(int[] labels, int clients, Seed seed) {
        Check.inRange("clients", 1, labels.length / shardsPerClient, clients);
        int shards = clients * shardsPerClient;
        int[] byLabel = RowsByClass.of(labels).concatenated();
        int[] deal = Sampling.permutation(shards, seed.generator());
        List<int[]> held = new ArrayList<>(clients);
        for (int client = 0; client < clients; client++) {
            List<int[]> parts = new ArrayList<>(shardsPerClient);
            for (int i = 0; i < shardsPerClient; i++) {
                parts.add(shard(byLabel, shards, deal[client * shardsPerClient + i]));
            }
            held.add(RowsByClass.concatenate(parts));
        }
        return Partition.of(held);
    }

    private static int[] shard(int[] rows, int shards, int index) {
        int size = rows.length / shards;
        int extra = rows.length % shards;
        int from = index * size + Math.min(index, extra);
        int[] shard = new int[size + (index < extra ? 1 : 0)];
        System.arraycopy(rows, from, shard, 0, shard.length);
        return shard;
    }
}
