package org.fl4j.data;

import java.util.ArrayList;
import java.util.List;
import org.fl4j.internal.Check;
import org.fl4j.random.Sampling;
import org.fl4j.random.Seed;

/**
 * Deals shuffled rows in equal parts: sizes differ by one at most, every row has one holder (McMahan et al. 2017, arXiv
 * 1602.05629, section 3).
 */
record IidPartitioner() implements Partitioner {
    @Override
    public Partition partition(int[] labels, int clients, Seed seed) {
        Check.inRange("clients", 1, labels.length, clients);
        int[] sizes = new int[clients];
        for (int i = 0; i < clients; i++) {
            sizes[i] = labels.length / clients + (i < labels.length % clients ? 1 : 0);
        }
        return deal(Sampling.permutation(labels.length, seed.generator()), sizes);
    }

    /** Gives the first rows to the first client, and so on. */
    static Partition deal(int[] rows, int[] sizes) {
        List<int[]> held = new ArrayList<>(sizes.length);
        int from = 0;
        for (int size : sizes) {
            int[] part = new int[size];
            System.arraycopy(rows, from, part, 0, size);
            held.add(part);
            from += size;
        }
        return Partition.of(held);
    }
}
