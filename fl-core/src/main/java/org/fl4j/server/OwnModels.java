package org.fl4j.server;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import java.util.Map;
import java.util.TreeMap;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.ClientOrder;
import org.fl4j.message.ClientStore;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.ServerState;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.tensor.ParameterVector;

/**
 * A model for each client, which a server keeps and sends in place of the shared one. A client of which nothing is kept
 * has the state's model.
 *
 * @param states where they are kept
 * @param slot of the server
 */
public record OwnModels(ClientStore states, Slot slot) {
    private static final String MODEL = "model";

    /** Checks for presence. */
    public OwnModels {
        Check.present("states", states);
        Check.present("slot", slot);
    }

    private String name() {
        return slot.name() + "/" + MODEL;
    }

    /** Returns a plan by which all its clients are sent their own models. */
    public RoundPlan sent(RoundPlan plan, ServerState state) {
        Map<ClientId, ClientOrder> orders = new TreeMap<>();
        plan.cohort().forEach(client -> orders.put(client, ClientOrder.ownModel(() -> model(state, client))));
        return plan.withMessages(plan.shared(), orders);
    }

    /** Returns what is kept of a client, in arrays of the state's model's manager or of the open scope. */
    public StrategyState kept(ServerState state, ClientId client) {
        return states.load(client, slot, state.model().floats().getManager()).orElse(StrategyState.empty());
    }

    /** Returns a client's model. */
    public ParameterVector model(ServerState state, ClientId client) {
        return kept(state, client)
                .tensor(name())
                .map(floats -> new ParameterVector(
                        state.model().layout(), floats, state.model().integers()))
                .orElse(state.model());
    }

    /** Returns an update, kept for the round, with the model that its client trained in place of the delta. */
    public ModelUpdate trained(ServerState state, ModelUpdate update, RoundContext round) {
        Device device = state.model().floats().getDevice();
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            ParameterVector local = model(state, update.client()).copy();
            local.addScaledInPlace(update.delta().on(device), 1);
            ModelUpdate kept = round.updates().keep(update.withDelta(local), round, device);
            return kept.keep(state.model().floats().getManager());
        }
    }

    /**
     * Gives a client another model, if its update is accepted.
     *
     * @param floats of the model
     * @param more what else is kept of it
     */
    public void stage(ClientId client, NDArray floats, StrategyState more) {
        states.stage(client, slot, more.with(name(), floats));
    }
}
