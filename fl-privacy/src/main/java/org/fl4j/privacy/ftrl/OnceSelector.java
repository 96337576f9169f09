package org.fl4j.privacy.ftrl;

import java.util.Arrays;
import java.util.List;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientId;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.RoundContext;
import org.fl4j.internal.Check;
import org.fl4j.random.Sampling;

/**
 * Every client takes part once at most: clients are shuffled once a run and taken in blocks. A round after the last whole block
 * is refused. Costs O(clients) a round.
 */
public record OnceSelector() implements ClientSelector {
    @Override
    public List<ClientId> select(ClientDirectory available, int count, RoundContext round) {
        Check.positive("count", count);
        int[] order = Sampling.permutation(
                available.size(), round.runSeed().derive("order of clients").generator());
        int from = Math.multiplyExact(round.number() - 1, count);
        Check.that(
                from + count <= order.length,
                "clients that took part",
                "at most all, " + order.length + ", each once",
                from + count);
        return Arrays.stream(order, from, from + count)
                .sorted()
                .mapToObj(available::id)
                .toList();
    }
}
