package org.fl4j.core;

import ai.djl.ndarray.NDArray;
import java.util.List;

/**
 * What the updates of a block of clients came to, where another process has judged and added them. Clients that failed
 * are in neither list.
 *
 * @param accepted receipts of the updates in the sums, with their sizes, in cohort order
 * @param refused receipts of the others
 * @param rejected why those were left out
 * @param sums what was added, see {@link SumRule.Sums#sums}; its arrays belong to whoever merges them
 */
public record BlockSums(List<Receipt> accepted, List<Receipt> refused, List<Rejection> rejected, StrategyState sums)
        implements AutoCloseable {
    /** Copies the lists. */
    public BlockSums {
        accepted = List.copyOf(accepted);
        refused = List.copyOf(refused);
        rejected = List.copyOf(rejected);
    }

    /** Frees the sums. */
    @Override
    public void close() {
        sums.tensors().values().forEach(NDArray::close);
    }
}
