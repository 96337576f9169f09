package org.fl4j.data;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.fl4j.internal.Check;
import org.fl4j.random.Sampling;
import org.fl4j.random.Seed;

/**
 * Constrains groups of clients to pools of classes: client i belongs to group i mod the number of groups, and owns some
 * classes of its group's pool. The rows of a class are shared evenly among its owners. It models clients of different
 * kinds, such as shops and homes (the grouped classes of the fedai experiments).
 *
 * <p>The first class of a group's clients goes round its pool, the others are drawn. Rows of a class that nobody owns
 * stay unused.
 *
 * @param pools the classes of each group, each list without repetition
 * @param classesPerClient at least 1, at most the size of the smallest pool
 */
record ClassPoolsPartitioner(List<List<Integer>> pools, int classesPerClient) implements Partitioner {
    ClassPoolsPartitioner {
        pools = pools.stream().map(List::copyOf).toList();
        Check.positive("number of pools", pools.size());
        for (List<Integer> pool : pools) {
            pool.forEach(label -> Check.atLeast("class of a pool", 0, label));
            Check.that(pool.stream().distinct().count() == pool.size(), "pool", "without repetition", pool);
            Check.inRange("classesPerClient", 1, pool.size(), classesPerClient);
        }
    }

    @Override
    public Partition partition(int[] labels, int clients, Seed seed) {
        Check.inRange("clients", 1, labels.length, clients);
        RowsByClass classes = RowsByClass.of(labels);
        RandomGenerator random = seed.generator();
        List<List<Integer>> owners = new ArrayList<>();
        IntStream.range(0, classes.classCount()).forEach(label -> owners.add(new ArrayList<>()));
        for (int client = 0; client < clients; client++) {
            List<Integer> pool = pools.get(client % pools.size());
            int first = client / pools.size() % pool.size();
            own(owners, pool.get(first), client);
            for (int other : Sampling.withoutReplacement(pool.size() - 1, classesPerClient - 1, random)) {
                own(owners, pool.get(other < first ? other : other + 1), client);
            }
        }
        return classes.sharedAmong(owners, clients, random);
    }

    private static void own(List<List<Integer>> owners, int label, int client) {
        Check.inRange("class of a pool", 0, owners.size() - 1, label);
        owners.get(label).add(client);
    }
}
