package org.fl4j.data;

import java.nio.file.Path;
import org.fl4j.internal.Check;
import org.fl4j.random.Seed;

/**
 * Reads a partition that {@link Partition#write} wrote, so that several runs, or several systems, share the same one.
 *
 * @param file what was written
 */
record FilePartitioner(Path file) implements Partitioner {
    FilePartitioner {
        Check.present("file", file);
    }

    @Override
    public Partition partition(int[] labels, int clients, Seed seed) {
        Partition read = Partition.read(file);
        Check.that(
                clients == read.clientCount(),
                "clients",
                "as many as " + file + " has, " + read.clientCount(),
                clients);
        Check.that(
                read.largestRow() < labels.length,
                "largest row of " + file,
                "below the number of rows, " + labels.length,
                read.largestRow());
        return read;
    }
}
