package org.fl4j.data;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.fl4j.core.ClientDirectory;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;

/**
 * Which rows of a data set each client holds, in two arrays of ints whatever the number of clients. Immutable.
 */
public final class Partition {
    private final int[] starts; // client i holds rows[starts[i]] to rows[starts[i + 1] - 1]
    private final int[] rows;

    private final List<String> names; // empty, or one a client

    private Partition(int[] starts, int[] rows, List<String> names) {
        this.starts = starts;
        this.rows = rows;
        this.names = names;
    }

    /** What a partition may have that is more often a mistake than meant. */
    public enum Allowance {
        /** A row may be held by several clients, or several times by one. */
        SHARED_ROWS,
        /** A client may hold no row. */
        EMPTY_CLIENTS
    }

    /**
     * Makes a partition. Every client must hold a row, and no row may be held twice, unless that is allowed.
     *
     * @param rowsByClient for each client the indices of its rows, each at least 0
     * @param allowed exceptions from the rules
     * @throws IllegalArgumentException if a rule is broken; the message names the client, the row and the allowance
     */
    public static Partition of(List<int[]> rowsByClient, Allowance... allowed) {
        Check.positive("client count", rowsByClient.size());
        requireSound(rowsByClient, Set.of(allowed));
        int[] starts = new int[rowsByClient.size() + 1];
        for (int i = 0; i < rowsByClient.size(); i++) {
            starts[i + 1] = Math.addExact(starts[i], rowsByClient.get(i).length);
        }
        int[] rows = new int[starts[rowsByClient.size()]];
        for (int i = 0; i < rowsByClient.size(); i++) {
            System.arraycopy(rowsByClient.get(i), 0, rows, starts[i], starts[i + 1] - starts[i]);
        }
        return new Partition(starts, rows, List.of());
    }

    private static void requireSound(List<int[]> rowsByClient, Set<Allowance> allowed) {
        BitSet held = new BitSet();
        for (int client = 0; client < rowsByClient.size(); client++) {
            if (rowsByClient.get(client).length == 0 && !allowed.contains(Allowance.EMPTY_CLIENTS)) {
                throw new IllegalArgumentException("client " + client + " must hold at least one row, but holds none;"
                        + " Partition.Allowance.EMPTY_CLIENTS allows that");
            }
            for (int row : rowsByClient.get(client)) {
                Check.atLeast("row", 0, row);
                if (held.get(row) && !allowed.contains(Allowance.SHARED_ROWS)) {
                    throw new IllegalArgumentException("row " + row + " must be held once, but client " + client
                            + " holds it again; Partition.Allowance.SHARED_ROWS allows that");
                }
                held.set(row);
            }
        }
    }

    /**
     * Writes who holds what: one line a client, {@code client,name,rows}, with spaces between rows. {@link
     * Partitioners#file} reads it.
     *
     * @throws UncheckedIOException if the file cannot be written
     */
    public void write(Path file) {
        PartitionFile.write(this, file);
    }

    /**
     * Reads what {@link #write} wrote.
     *
     * @throws DatasetException if the file cannot be read, or is not such a file; the message names the line
     */
    public static Partition read(Path file) {
        return PartitionFile.read(file);
    }

    /** Returns the same partition with a name for each client. */
    public Partition named(List<String> clientNames) {
        Check.that(
                clientNames.size() == clientCount(),
                "clientNames",
                "one a client, " + clientCount(),
                clientNames.size());
        return new Partition(starts, rows, List.copyOf(clientNames));
    }

    /** Returns the number of clients. */
    public int clientCount() {
        return starts.length - 1;
    }

    /** Returns how many rows a client holds. */
    public int exampleCount(int client) {
        Check.inRange("client index", 0, clientCount() - 1, client);
        return starts[client + 1] - starts[client];
    }

    /** Returns a copy of the rows a client holds. */
    public int[] rows(ClientId client) {
        Check.inRange("client index", 0, clientCount() - 1, client.index());
        return Arrays.copyOfRange(rows, starts[client.index()], starts[client.index() + 1]);
    }

    /** Two partitions are equal if each client holds the same rows in the same order. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Partition partition
                && Arrays.equals(starts, partition.starts)
                && Arrays.equals(rows, partition.rows);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(starts) + Arrays.hashCode(rows);
    }

    /** Returns whether some client holds a row here that it also holds in another partition. */
    boolean overlaps(Partition other) {
        for (int client = 0; client < Math.min(clientCount(), other.clientCount()); client++) {
            BitSet held = new BitSet();
            IntStream.of(rows(new ClientId(client))).forEach(held::set);
            if (IntStream.of(other.rows(new ClientId(client))).anyMatch(held::get)) {
                return true;
            }
        }
        return false;
    }

    /** Returns the largest row index of all, or -1 if no client holds any. */
    public int largestRow() {
        return Arrays.stream(rows).max().orElse(-1);
    }

    /** Returns the clients, numbered from 0. */
    public ClientDirectory clients() {
        ClientDirectory numbered = ClientDirectory.ofRange(clientCount(), this::exampleCount);
        return names.isEmpty() ? numbered : new Named(numbered, names);
    }

    private record Named(ClientDirectory numbered, List<String> names) implements ClientDirectory {
        @Override
        public int size() {
            return numbered.size();
        }

        @Override
        public ClientId id(int position) {
            return numbered.id(position);
        }

        @Override
        public int exampleCount(ClientId client) {
            return numbered.exampleCount(client);
        }

        @Override
        public String name(ClientId client) {
            return names.get(client.index());
        }
    }
}
