package org.fl4j.privacy.central;

import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientId;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.RoundContext;
import org.fl4j.internal.Check;

/**
 * Each client takes part by a coin of its own, as accounting for Poisson sampling demands: cohorts differ in size and may be
 * empty, and the count that is asked for does not matter. Costs O(cohort): the gaps between chosen clients are geometric.
 *
 * @param rate the probability of each client, in (0, 1]
 */
public record PoissonSelector(double rate) implements ClientSelector {
    /** Checks the rate. */
    public PoissonSelector {
        Check.share("rate", rate);
    }

    @Override
    public List<ClientId> select(ClientDirectory available, int count, RoundContext round) {
        if (rate == 1) {
            return IntStream.range(0, available.size()).mapToObj(available::id).toList();
        }
        RandomGenerator random = round.seed("client selection").generator();
        return IntStream.iterate(gap(random), at -> at < available.size(), at ->
                        (int) Math.min(Integer.MAX_VALUE, 1L + at + gap(random)))
                .mapToObj(available::id)
                .toList();
    }

    /** How many clients are passed over before the next: geometric. */
    private int gap(RandomGenerator random) {
        return (int) Math.min(Integer.MAX_VALUE, Math.floor(-random.nextExponential() / Math.log1p(-rate)));
    }
}
