package org.fl4j.selection;

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
 * Draws clients one after another in proportion to how many examples they have, without replacement. Costs O(clients).
 * An aggregator that weighs by examples then counts them twice: take equal weights.
 */
public record WeightedSelector() implements ClientSelector {
    @Override
    public List<ClientId> select(ClientDirectory available, int count, RoundContext round, StrategyState state) {
        Check.positive("count", count);
        double[] weights = new double[available.size()];
        for (int position = 0; position < weights.length; position++) {
            weights[position] = available.examplesAt(position);
        }
        int size = Math.min(count, weights.length);
        int[] drawn =
                Sampling.weighted(weights, size, round.seed("client selection").generator());
        return Arrays.stream(drawn).mapToObj(available::id).toList();
    }
}
