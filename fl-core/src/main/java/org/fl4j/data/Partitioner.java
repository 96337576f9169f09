package org.fl4j.data;

import org.fl4j.random.Seed;

/**
 * Shares the examples of a data set out among clients. It is a pure function of data, client count and seed, and it
 * always ends. Every row index of the result is a row of the data. Every client holds a row and no row has two holders,
 * unless the partitioner makes its {@link Partition} with an allowance for that.
 *
 * <p>Most partitioners go by labels alone. One that needs more of the data overrides {@link #partition(Dataset, int,
 * Seed)}; one that also changes what clients see overrides {@link #federated} and {@link #changesExamples}.
 * {@link Partitioners} has the known ones.
 */
@FunctionalInterface
public interface Partitioner {
    /**
     * Returns who holds which rows.
     *
     * @param labels the class of each row, at least 0
     * @param clients how many clients, at least 1
     * @param seed where the random choice comes from
     * @throws IllegalArgumentException if this partitioner cannot serve so many clients from so many rows
     */
    Partition partition(int[] labels, int clients, Seed seed);

    /**
     * Returns who holds which rows of a data set; by default labels decide.
     *
     * @param data the data set; its training examples are shared out
     * @param clients how many clients, at least 1
     * @param seed where the random choice comes from
     * @throws IllegalArgumentException if this partitioner cannot serve so many clients from the data
     */
    default Partition partition(Dataset data, int clients, Seed seed) {
        return partition(data.train().classIndices(), clients, seed);
    }

    /**
     * Returns whether {@link #federated} changes what clients see of their rows. Such a partitioner cannot be a part of
     * another one, which would make partitions of it and lose the change. By default not.
     */
    default boolean changesExamples() {
        return false;
    }

    /**
     * Returns what clients hold: by default the rows of {@link #partition(Dataset, int, Seed)}, unchanged.
     *
     * @param data the data set; its training examples are shared out
     * @param clients how many clients, at least 1
     * @param seed where the random choice comes from
     * @throws IllegalArgumentException if this partitioner cannot serve so many clients from the data
     */
    default FederatedDataset federated(Dataset data, int clients, Seed seed) {
        return data.federated(partition(data, clients, seed));
    }
}
