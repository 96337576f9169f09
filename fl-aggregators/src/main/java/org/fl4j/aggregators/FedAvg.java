package org.fl4j.aggregators;

import java.util.Optional;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ModelUpdate;
import org.fl4j.core.RoundContext;
import org.fl4j.core.ServerState;
import org.fl4j.core.UpdateWeighting;
import org.fl4j.internal.Check;
import org.fl4j.tensor.ParameterVector;

/**
 * The weighted mean of the deltas (McMahan et al. 2017, arXiv 1602.05629, algorithm 1): with a server learning rate of 1
 * the next model is the weighted mean of the local models. Streams: one accumulator, O(model) memory.
 *
 * <p>Deviations: the weights are normalised over the updates that were folded, not over the cohort that was asked; float
 * buffers are averaged with the same weights; integer buffers are those of the first update folded.
 *
 * @param weighting how much each update counts
 */
public record FedAvg(UpdateWeighting weighting) implements Aggregator {
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

    /** The sum of weight times delta, and the sum of the weights. */
    private static final class WeightedMean implements Aggregation {
        private final UpdateWeighting weighting;
        private final ServerState state;
        private Optional<ParameterVector> sum = Optional.empty();
        private double totalWeight;

        WeightedMean(UpdateWeighting weighting, ServerState state) {
            this.weighting = weighting;
            this.state = state;
        }

        @Override
        public void add(ModelUpdate update) {
            double weight = Check.positive("weight of " + update.client(), weighting.weight(update));
            fold(update.delta().on(state.model().floats().getDevice()), weight, weight);
        }

        @Override
        public void merge(Aggregation other) {
            WeightedMean part = (WeightedMean) other;
            part.sum.ifPresent(partSum -> fold(partSum, /* scale= */ 1, part.totalWeight));
        }

        private void fold(ParameterVector values, double scale, double weight) {
            if (sum.isEmpty()) {
                ParameterVector first = values.copy();
                first.floats().muli(scale);
                sum = Optional.of(first);
            } else {
                sum.get().addScaledInPlace(values, scale);
            }
            totalWeight += weight;
        }

        @Override
        public Aggregate combine() {
            sum.ifPresent(total -> total.floats().divi(totalWeight));
            return Aggregate.of(sum, state);
        }
    }
}
