package org.fl4j.data;

import org.fl4j.random.Seed;

/**
 * Shares the examples of a data set out among clients: a pure function of labels, client count and seed, which always
 * ends. Every row index of the result is a row of {@code labels}. Every client holds a row and no row has two holders, unless the partitioner
 * makes its {@link Partition} with an allowance for that.
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
}
