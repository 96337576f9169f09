package org.fl4j.selection;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientSelector;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientColumn;
import org.fl4j.message.ClientId;
import org.fl4j.message.Fact;
import org.fl4j.message.Receipt;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingFacts;
import org.fl4j.random.Sampling;
import org.fl4j.random.Smallest;

/**
 * Power of choice (Cho, Wang and Joshi 2020, arXiv 2010.01243, section 4): draws candidates in proportion to their
 * examples, without replacement, and takes those with the highest loss, ties by id. The losses are those that clients
 * had when they last trained, and infinite for those that never did: the paper's variant without communication, rpow-d.
 * Who never took part and then was not waited for has none. Costs O(clients).
 *
 * @param candidates how many are drawn for each client that is needed, at least 1; 1 is drawing by examples
 */
public record PowerOfChoice(double candidates) implements ClientSelector {
    private static final LastLosses LOSSES = new LastLosses("power-of-choice/loss");

    /** Checks the factor. */
    public PowerOfChoice {
        Check.that(candidates >= 1 && Double.isFinite(candidates), "candidates", "at least 1 and finite", candidates);
    }

    @Override
    public List<ClientId> select(ClientDirectory available, int count, RoundContext round, StrategyState state) {
        Check.positive("count", count);
        double[] weights = new double[available.size()];
        for (int position = 0; position < weights.length; position++) {
            weights[position] = available.examplesAt(position);
        }
        int drawn = (int) Math.min(weights.length, Math.ceil(candidates * Math.min(count, weights.length)));
        ClientColumn losses = LOSSES.of(state, round);
        Smallest highest = new Smallest(Math.min(count, weights.length));
        for (int position :
                Sampling.weighted(weights, drawn, round.seed("client selection").generator())) {
            highest.offer(-losses.get(available.index(position)), position);
        }
        return Arrays.stream(highest.ids()).sorted().mapToObj(available::id).toList();
    }

    @Override
    public Set<Fact<?>> needs() {
        return Set.of(TrainingFacts.LOSS);
    }

    /** Who was never heard of, and is not this time either, comes behind all others. */
    @Override
    public StrategyState learned(StrategyState state, RoundPlan plan, List<Receipt> receipts, RoundContext round) {
        return LOSSES.learned(state, receipts, round);
    }
}
