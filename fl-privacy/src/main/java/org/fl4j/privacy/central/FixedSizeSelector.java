package org.fl4j.privacy.central;

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
 * Every cohort of one size out of all clients is equally likely, as accounting for fixed-size sampling demands: a round
 * in which clients are missing, and the others so more likely, is refused.
 *
 * @param cohort clients a round, at least 1
 * @param population how many clients there are, at least the cohort
 */
public record FixedSizeSelector(int cohort, int population) implements ClientSelector {
    /** Checks both. */
    public FixedSizeSelector {
        Check.inRange("cohort", 1, population, cohort);
    }

    @Override
    public List<ClientId> select(ClientDirectory available, int count, RoundContext round, StrategyState state) {
        Check.that(
                available.size() == population,
                "clients that are available",
                "all, " + population + ", for sampling is accounted for so",
                available.size());
        Check.that(count == cohort, "cohortSize", "that which is accounted for, " + cohort, count);
        return Arrays.stream(Sampling.withoutReplacement(
                        population, cohort, round.seed("client selection").generator()))
                .mapToObj(available::id)
                .toList();
    }
}
