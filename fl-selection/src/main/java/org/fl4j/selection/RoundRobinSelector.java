package org.fl4j.selection;

import java.util.List;
import java.util.stream.IntStream;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientId;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.RoundContext;
import org.fl4j.internal.Check;

/**
 * Clients take turns in the order of their ids: a round begins where the last one ended, and passes over those that are not there. In
 * the order of a shuffle if the partition was shuffled. Costs O(cohort + log clients).
 */
public record RoundRobinSelector() implements ClientSelector {
    @Override
    public List<ClientId> select(ClientDirectory available, int count, RoundContext round) {
        Check.positive("count", count);
        int size = available.size();
        if (size == 0) {
            return List.of();
        }
        int turn = (int) ((round.number() - 1L) * count % round.clientCount());
        int first = positionFrom(available, turn);
        return IntStream.range(0, Math.min(count, size))
                .map(i -> (int) ((first + (long) i) % size))
                .sorted()
                .mapToObj(available::id)
                .toList();
    }

    /** The position of the first client whose index is at least this; 0 if there is none. */
    private static int positionFrom(ClientDirectory available, int index) {
        int low = 0;
        int high = available.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (available.index(middle) < index) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low % available.size();
    }
}
