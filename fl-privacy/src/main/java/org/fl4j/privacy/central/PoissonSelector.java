package org.fl4j.privacy.central;

import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientSelector;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.RoundContext;
import org.fl4j.message.StrategyState;
import org.fl4j.random.Sampling;

/**
 * Each client takes part by a coin of its own, as accounting for Poisson sampling demands: cohorts differ in size and
 * may be empty, and the count that is asked for does not matter. Costs O(cohort): the gaps between chosen clients are
 * geometric.
 *
 * @param rate the probability of each client, in (0, 1]
 */
public record PoissonSelector(double rate) implements ClientSelector {
    /** Checks the rate. */
    public PoissonSelector {
        Check.share("rate", rate);
    }

    @Override
    public boolean choosesCount() {
        return true;
    }

    @Override
    public List<ClientId> select(ClientDirectory available, int count, RoundContext round, StrategyState state) {
        RandomGenerator random = round.seed("client selection").generator();
        return Arrays.stream(Sampling.poisson(available.size(), rate, random))
                .mapToObj(available::id)
                .toList();
    }
}
