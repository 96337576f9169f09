package org.fl4j.aggregators.robust;

import java.util.List;
import java.util.Optional;
import org.fl4j.aggregators.Updates;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ListAggregator;
import org.fl4j.internal.Check;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterVector;

/**
 * Centered clipping (Karimireddy et al. 2021, arXiv 2012.10333, equation 5): from the last round's aggregate v,
 * {@code v += mean of (x_i - v) min(1, radius / |x_i - v|)}, some times over.
 *
 * <p>Withstands any share of arbitrary clients, in this sense: one iteration moves v by at most the radius, and a share
 * a of the clients moves it by at most a times the radius. If the others are within the radius of v, one iteration ends
 * within {@code 2 a radius} of their mean. The radius must be small for that to help: choose it near the usual distance
 * of honest updates from v.
 *
 * <p>Deviations: norms and clipping are over trainable parameters; buffers are averaged.
 *
 * @param radius positive
 * @param iterations at least 1
 */
public record CenteredClipping(double radius, int iterations) implements Aggregator {
    private static final String CENTER = "centeredclipping/center";

    /** Checks both. */
    public CenteredClipping {
        Check.positive("radius", radius);
        Check.positive("iterations", iterations);
    }

    @Override
    public Aggregation begin(RoundContext round, ServerState state) {
        Aggregation buffer = new ListAggregator(updates -> clipped(updates, state)).begin(round, state);
        return new Remembering(buffer, state);
    }

    private ParameterVector clipped(List<ModelUpdate> updates, ServerState state) {
        ParameterVector center = Updates.mean(updates);
        state.strategy()
                .tensor(CENTER)
                .ifPresentOrElse(
                        last -> Kernels.copy(last, center.trainable()),
                        () -> Kernels.copy(center.trainable().zerosLike(), center.trainable())); // infinite * 0 is NaN
        for (int i = 0; i < iterations; i++) {
            ParameterVector from = center.copy();
            for (ModelUpdate update : updates) {
                double pull = Math.min(1, radius / Updates.distance(update.delta(), from)) / updates.size();
                Kernels.addScaled(center.trainable(), update.delta().trainable(), pull);
                Kernels.addScaled(center.trainable(), from.trainable(), -pull);
            }
        }
        return center;
    }

    /** Passes updates on, and puts the aggregate into the strategy state. */
    private record Remembering(Aggregation buffer, ServerState state) implements Aggregation {
        @Override
        public void add(ModelUpdate update) {
            buffer.add(update);
        }

        @Override
        public void merge(Aggregation other) {
            buffer.merge(((Remembering) other).buffer);
        }

        @Override
        public Aggregate combine() {
            Aggregate aggregate = buffer.combine();
            Optional<ParameterVector> delta = aggregate.delta();
            return delta.isEmpty()
                    ? aggregate
                    : new Aggregate(
                            delta,
                            state.strategy()
                                    .with(CENTER, delta.get().trainable().duplicate()),
                            aggregate.metrics());
        }
    }
}
