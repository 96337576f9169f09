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
 * Oort's testing selector by deviation (Lai et al., OSDI 2021, section 5.1), for clients that evaluate: as many clients
 * as {@link OortTesting#participants} says, drawn uniformly. Their data then deviate from that of all clients by at
 * most {@code deviation} with probability {@code confidence}. The number asked for is a limit: with fewer clients than
 * are needed the promise would not hold, and so that is refused.
 *
 * @param deviation of the mean, as a share of the range of clients' values, in (0, 1)
 * @param confidence in (0, 1)
 */
public record OortTestingSelector(double deviation, double confidence) implements ClientSelector {
    /** Checks both numbers. */
    public OortTestingSelector {
        Check.that(deviation > 0 && deviation < 1, "deviation", "in (0, 1)", deviation);
        Check.that(confidence > 0 && confidence < 1, "confidence", "in (0, 1)", confidence);
    }

    @Override
    public boolean choosesCount() {
        return true;
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException if {@code count} is below what the deviation needs
     */
    @Override
    public List<ClientId> select(ClientDirectory available, int count, RoundContext round, StrategyState state) {
        Check.positive("count", count);
        int needed = OortTesting.participants(deviation, 1, available.size(), confidence);
        Check.that(count >= needed, "count", "at least the " + needed + " that the deviation needs", count);
        int[] positions = Sampling.withoutReplacement(
                available.size(), needed, round.seed("client selection").generator());
        return Arrays.stream(positions).mapToObj(available::id).toList();
    }
}
