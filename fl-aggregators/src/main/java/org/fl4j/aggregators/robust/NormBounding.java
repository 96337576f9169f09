package org.fl4j.aggregators.robust;

import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.UpdateWeighting;
import org.fl4j.internal.Check;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.server.WeightedMean;
import org.fl4j.tensor.ParameterVector;

/**
 * The mean of deltas whose Euclidean norm is cut to a bound (Sun et al. 2019, arXiv 1911.07963, section 4): no client
 * moves the model by more than the bound over the number of clients. Streams: O(model) memory.
 *
 * <p>Withstands any share of arbitrary clients, in this sense: the aggregate is no longer than the bound, and a share a
 * of the clients puts it at most {@code 2 a bound} from the mean of the others, if those are within the bound. It does
 * not find out which clients are arbitrary: with a bound far above honest norms it is the mean.
 *
 * <p>Deviations: norms and clipping are over trainable parameters; buffers are averaged.
 *
 * @param bound positive
 */
public record NormBounding(double bound) implements Aggregator {
    /** Checks the bound. */
    public NormBounding {
        Check.positive("bound", bound);
    }

    @Override
    public Aggregation begin(RoundContext round, ServerState state) {
        return new Bounded(bound, new WeightedMean(UpdateWeighting.uniform(), state));
    }

    private record Bounded(double bound, WeightedMean mean) implements Aggregation {
        @Override
        public void add(ModelUpdate update) {
            double norm = update.delta().norm();
            if (norm <= bound) {
                mean.add(update);
                return;
            }
            try (ParameterVector delta = update.delta().copy()) {
                delta.trainable().muli(bound / norm);
                mean.add(update.withDelta(delta));
            }
        }

        @Override
        public void merge(Aggregation other) {
            mean.merge(((Bounded) other).mean);
        }

        @Override
        public Aggregate combine() {
            return mean.combine();
        }
    }
}
