package org.fl4j.aggregators.attack;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.fl4j.core.Admission;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ForwardingAggregator;
import org.fl4j.internal.Check;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.RunCheck;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterVector;

/**
 * An aggregator that is under attack: the updates of the first clients, by index, are forged before the other
 * aggregator sees them. A cohort without an honest client is passed on as it is.
 *
 * @param aggregator the defence
 * @param attack what the Byzantine clients send
 * @param clients how many of all clients are Byzantine, at least 0
 */
public record Byzantine(Aggregator aggregator, Attack attack, int clients) implements ForwardingAggregator, RunCheck {
    /** Checks all. */
    public Byzantine {
        Check.present("aggregator", aggregator);
        Check.present("attack", attack);
        Check.atLeast("clients", 0, clients);
    }

    @Override
    public void verify(Algorithm.Parts parts) {
        Check.that(
                aggregator.readsDelta(),
                "aggregator under attack",
                "one that reads deltas, which are what is forged",
                aggregator.getClass().getSimpleName());
        if (aggregator instanceof RunCheck check) {
            check.verify(parts);
        }
    }

    /** Forged updates are of the whole model. */
    @Override
    public boolean takesSlices() {
        return false;
    }

    @Override
    public Aggregation begin(RoundContext round, ServerState state) {
        return new Attacked(round, state);
    }

    private final class Attacked implements Aggregation {
        private final RoundContext round;
        private final ServerState state;
        private final List<ModelUpdate> cohort = new ArrayList<>();
        private int taken;

        Attacked(RoundContext round, ServerState state) {
            this.round = round;
            this.state = state;
        }

        @Override
        public void add(ModelUpdate update) {
            cohort.add(
                    round.updates().keep(update, round, state.model().floats().getDevice()));
        }

        @Override
        public void merge(Aggregation other) {
            cohort.addAll(((Attacked) other).cohort);
        }

        @Override
        public Aggregate combine() {
            Aggregation defended = aggregator.begin(round, state);
            List<ModelUpdate> honest = cohort.stream()
                    .filter(update -> update.client().index() >= clients)
                    .toList();
            int forged = cohort.size() - honest.size();
            for (ModelUpdate update : cohort) {
                if (update.client().index() >= clients || honest.isEmpty()) {
                    offer(update, defended);
                    continue;
                }
                try (ParameterVector sent = update.delta().copy()) {
                    forge(update, honest, forged, sent.trainable());
                    offer(update.withDelta(sent), defended);
                }
            }
            cohort.forEach(ModelUpdate::close);
            return taken < minimumUpdates() ? Aggregate.of(Optional.empty(), state) : defended.combine();
        }

        /** The defence may refuse an update, and what is not finite the server would have rejected. */
        private void offer(ModelUpdate update, Aggregation defended) {
            if (update.delta().isFinite() && defended.onModelUpdate(update) instanceof Admission.Accepted) {
                defended.add(update);
                taken++;
            }
        }

        private void forge(ModelUpdate update, List<ModelUpdate> honest, int forged, NDArray sent) {
            try (NDScope scope = new NDScope()) {
                scope.suppressNotUsedWarning();
                Kernels.copy(attack.forge(update, honest, forged, round.seed("attack", update.client())), sent);
            }
        }
    }
}
