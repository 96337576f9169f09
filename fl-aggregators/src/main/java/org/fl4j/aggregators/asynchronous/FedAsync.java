package org.fl4j.aggregators.asynchronous;

import java.util.List;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ListAggregator;
import org.fl4j.internal.Check;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.server.AsynchronousServer;
import org.fl4j.tensor.ParameterVector;

/**
 * FedAsync (Xie et al. 2019, arXiv 1903.03934, algorithm 1): the model is mixed with each local model as it arrives,
 * {@code w = (1 - a) w + a w_k} with {@code a = mixing s(staleness)}. Meant for a buffer of one; more are mixed in one
 * after another.
 *
 * <p>Deviations: none. Use it with {@link org.fl4j.simulation.Asynchronous}, whose state knows the models clients
 * started from. Buffers are mixed like parameters.
 *
 * @param mixing alpha of the paper, in (0, 1]
 * @param discount s of the paper
 */
public record FedAsync(double mixing, StalenessDiscount discount) implements Aggregator {
    /** Checks both. */
    public FedAsync {
        Check.share("mixing", mixing);
        Check.present("discount", discount);
    }

    @Override
    public Aggregation begin(RoundContext round, ServerState state) {
        return new ListAggregator(updates -> mixed(updates, state)).begin(round, state);
    }

    /** Returns how far the mixed model is from the state's. */
    private ParameterVector mixed(List<ModelUpdate> updates, ServerState state) {
        ParameterVector moved = updates.get(0).delta().copy(); // integers are those of the first
        moved.floats().muli(0);
        for (ModelUpdate update : updates) {
            double weight = mixing * discount.at(state.round() - update.modelVersion());
            moved.floats().muli(1 - weight);
            moved.addScaledInPlace(update.delta(), weight);
            if (update.modelVersion() < state.round()) {
                moved.addScaledInPlace(AsynchronousServer.startingPoint(state, update.modelVersion()), weight);
                moved.addScaledInPlace(state.model(), -weight);
            }
        }
        return moved;
    }
}
