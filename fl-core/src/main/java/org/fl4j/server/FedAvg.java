package org.fl4j.server;

import org.fl4j.core.Aggregation;
import org.fl4j.core.SumRule;
import org.fl4j.core.UpdateWeighting;
import org.fl4j.internal.Check;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.message.SharedMessage;
import org.fl4j.message.StrategyState;

/**
 * The weighted mean of the deltas (McMahan et al. 2017, arXiv 1602.05629, algorithm 1): with a server learning rate of
 * 1 the next model is the weighted mean of the local models. Streams: one accumulator, O(model) memory.
 *
 * <p>Deviations: the weights are normalised over the updates that were folded, not over the cohort that was asked;
 * float buffers are averaged with the same weights; integer buffers are those of the first update folded.
 *
 * @param weighting how much each update counts
 */
public record FedAvg(UpdateWeighting weighting) implements SumRule {
    /** Checks for presence. */
    public FedAvg {
        Check.present("weighting", weighting);
    }

    /** Weighs by example count, as the paper does. */
    public FedAvg() {
        this(UpdateWeighting.byExampleCount());
    }

    @Override
    public Aggregation begin(RoundContext round, ServerState state) {
        return new WeightedMean(weighting, state);
    }

    @Override
    public boolean takesSlices() {
        return true;
    }

    @Override
    public Sums part(SharedMessage sent) {
        return new WeightedMean(weighting, new ServerState(sent.modelVersion(), sent.model(), StrategyState.empty()));
    }
}
