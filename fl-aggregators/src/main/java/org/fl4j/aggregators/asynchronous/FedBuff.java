package org.fl4j.aggregators.asynchronous;

import java.util.List;
import java.util.Optional;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.internal.Check;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.server.WeightedMean;
import org.fl4j.tensor.ParameterVector;

/**
 * FedBuff, buffered asynchronous aggregation (Nguyen et al. 2022, arXiv 2106.06639, algorithm 1): of K deltas, each
 * from the model its client started from, {@code 1/K sum of s(staleness) delta} is added to the newest model. All
 * clients count alike but for staleness.
 *
 * <p>Deviations: none. K is the number of accepted updates of the round. Normalised, the sum is divided by the sum of
 * discounts instead, so that staleness shifts weight and does not shorten the step. Buffers are always averaged so.
 *
 * @param discount how much a stale update counts
 * @param normalised whether weights sum to 1
 */
public record FedBuff(StalenessDiscount discount, boolean normalised) implements Aggregator {
    /** Checks for presence. */
    public FedBuff {
        Check.present("discount", discount);
    }

    /** Takes the discount of the paper's experiments, {@code 1 / sqrt(1 + staleness)}, and its form. */
    public FedBuff() {
        this(StalenessDiscount.polynomial(.5), false);
    }

    @Override
    public Aggregation begin(RoundContext round, ServerState state) {
        return new WeightedMean(
                update -> discount.at(state.round() - update.modelVersion()),
                state,
                List.of(),
                mean -> aggregate(mean, state));
    }

    private Aggregate aggregate(WeightedMean mean, ServerState state) {
        ParameterVector delta = mean.delta();
        if (!normalised) {
            delta.trainable().muli(mean.totalWeight() / mean.count());
        }
        return Aggregate.of(Optional.of(delta), state);
    }
}
