package org.fl4j.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.message.UpdateStore;
import org.fl4j.tensor.ParameterVector;

/**
 * An aggregator that sees all updates of a round at once, made of a lambda from the list of updates (in cohort order,
 * not empty) to one delta. It costs O(cohort x model) memory, or disk (see {@link UpdateStore}); a mean is better
 * written as a streaming {@link Aggregation}.
 *
 * <pre>{@code
 * Aggregator largest = new ListAggregator(updates ->
 *         updates.stream().max(Comparator.comparingLong(ModelUpdate::exampleCount)).orElseThrow().delta());
 * }</pre>
 *
 * @param combine returns the aggregated delta; the arrays of the list are freed afterwards
 */
public record ListAggregator(Function<List<ModelUpdate>, ParameterVector> combine) implements Aggregator {
    @Override
    public Aggregation begin(RoundContext round, ServerState state) {
        return new Buffer(combine, round, state);
    }

    /** Keeps updates until the round ends. */
    private static final class Buffer implements Aggregation {
        private final Function<List<ModelUpdate>, ParameterVector> combine;
        private final RoundContext round;
        private final ServerState state;
        private final List<ModelUpdate> updates = new ArrayList<>();

        Buffer(Function<List<ModelUpdate>, ParameterVector> combine, RoundContext round, ServerState state) {
            this.combine = combine;
            this.round = round;
            this.state = state;
        }

        @Override
        public void add(ModelUpdate update) {
            updates.add(
                    round.updates().keep(update, round, state.model().floats().getDevice()));
        }

        @Override
        public void merge(Aggregation other) {
            updates.addAll(((Buffer) other).updates);
        }

        @Override
        public Aggregate combine() {
            if (updates.isEmpty()) {
                return Aggregate.of(Optional.empty(), state);
            }
            ParameterVector combined =
                    Objects.requireNonNull(combine.apply(List.copyOf(updates)), "combine must not return null");
            ParameterVector delta = combined.copy();
            updates.forEach(ModelUpdate::close);
            return Aggregate.of(Optional.of(delta), state);
        }
    }
}
