package org.fl4j.server;

import java.util.Arrays;
import java.util.List;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientSelector;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.RoundContext;
import org.fl4j.message.StrategyState;
import org.fl4j.random.Sampling;

/**
 * Every cohort of the size asked for is equally likely: uniform sampling without replacement (McMahan et al. 2017,
 * arXiv 1602.05629). Costs O(cohort), whatever the number of clients.
 */
public record UniformSelector() implements ClientSelector {
    @Override
    public List<ClientId> select(ClientDirectory available, int count, RoundContext round, StrategyState state) {
        Check.positive("count", count);
        int size = Math.min(count, available.size());
        int[] positions = Sampling.withoutReplacement(
                available.size(), size, round.seed("client selection").generator());
        return Arrays.stream(positions).mapToObj(available::id).toList();
    }
}
