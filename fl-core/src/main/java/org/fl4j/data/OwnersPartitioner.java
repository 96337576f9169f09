package org.fl4j.data;

import org.fl4j.internal.Check;
import org.fl4j.random.Seed;

/** Gives each row of a data set that names its owners to its owner, as {@link NaturalIdPartitioner} does. */
record OwnersPartitioner() implements Partitioner {
    @Override
    public Partition partition(int[] labels, int clients, Seed seed) {
        throw new IllegalArgumentException("partitioner must be given a data set, for it goes by the owners of rows,"
                + " but was given labels alone");
    }

    @Override
    public Partition partition(Dataset data, int clients, Seed seed) {
        Check.that(
                !data.owners().isEmpty(), "data", "a data set that names the owner of each row", "one without owners");
        return new NaturalIdPartitioner(data.owners())
                .partition(new int[data.owners().size()], clients, seed);
    }
}
