package org.fl4j.data;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import java.util.stream.IntStream;

/**
 * What one client holds: some rows of a data set that is in memory once, on the client's device. Nothing is copied
 * until batches are taken.
 */
public final class ClientExamples {
    private final Examples source;
    private final int[] rows;

    /**
     * Makes a view; the array is not copied.
     *
     * @param source examples of all clients, or of this one
     * @param rows which of them the client holds
     */
    public ClientExamples(Examples source, int[] rows) {
        this.source = source;
        this.rows = rows;
    }

    /** Returns a view of some rows that follow one another. */
    public static ClientExamples range(Examples source, int first, int count) {
        return new ClientExamples(source, IntStream.range(first, first + count).toArray());
    }

    /** Returns how many examples the client holds. */
    public int count() {
        return rows.length;
    }

    /** Returns the examples that {@link #row} counts in. */
    public Examples source() {
        return source;
    }

    /** Returns which row of the source the client's i-th example is. */
    public int row(int i) {
        return rows[i];
    }

    /** Returns copies of the client's examples, attached to the manager. */
    public Examples gather(NDManager manager) {
        return source.rows(rows, manager);
    }

    /** Returns the class of each example; the same number for all of them if their labels are not classes. */
    int[] strata() {
        if (!source.hasClasses()) {
            return new int[rows.length];
        }
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            return gather(source.labels().getManager()).classIndices();
        }
    }
}
