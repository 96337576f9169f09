package org.fl4j.core;

import ai.djl.ndarray.NDArray;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.fl4j.message.ClientId;
import org.fl4j.message.Receipt;
import org.fl4j.message.Rejection;
import org.fl4j.message.StrategyState;

/**
 * What the updates of a block of clients came to, where another process has judged and added them. Clients that failed
 * are in none of the lists.
 *
 * @param accepted receipts of the updates in the sums, with their sizes, in cohort order
 * @param refused receipts of those that the server's checks or the rule refused
 * @param rejected why they were refused
 * @param falseClaims updates that no server would have read, because what they claim cannot be true
 * @param sizes how many bytes each update took that came, by its client
 * @param sums what was added, see {@link SumRule.Sums#sums}, on any device; its arrays belong to whoever merges them
 */
public record BlockSums(
        List<Receipt> accepted,
        List<Receipt> refused,
        List<Rejection> rejected,
        List<Rejection> falseClaims,
        Map<ClientId, Long> sizes,
        StrategyState sums)
        implements AutoCloseable {
    /** Copies the lists and the map. */
    public BlockSums {
        accepted = List.copyOf(accepted);
        refused = List.copyOf(refused);
        rejected = List.copyOf(rejected);
        falseClaims = List.copyOf(falseClaims);
        sizes = Collections.unmodifiableMap(new TreeMap<>(sizes));
    }

    /** Frees the sums. */
    @Override
    public void close() {
        sums.tensors().values().forEach(NDArray::close);
    }
}
