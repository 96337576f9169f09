package org.fl4j.aggregators.mira;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.fl4j.core.Admission;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientId;
import org.fl4j.core.ClientStates;
import org.fl4j.core.ModelUpdate;
import org.fl4j.core.RoundContext;
import org.fl4j.core.Server;
import org.fl4j.core.ServerState;
import org.fl4j.core.ServerUpdate;
import org.fl4j.core.StrategyState;
import org.fl4j.core.TrainingTask;
import org.fl4j.internal.Check;
import org.fl4j.metrics.Metrics;
import org.fl4j.server.UpdateIntake;
import org.fl4j.server.UpdatePolicy;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterVector;

/** Sends each client its own model, and draws the models of a cohort together. */
final class MiraServer implements Server {
    private static final String MODEL = "mira/model";

    private final Server composed;
    private final ClientStates states;
    private final Mira mira;

    MiraServer(Server composed, ClientStates states, Mira mira) {
        this.composed = composed;
        this.states = states;
        this.mira = mira;
    }

    @Override
    public ServerState initialState() {
        return composed.initialState();
    }

    @Override
    public List<ClientId> select(ServerState state, ClientDirectory available, RoundContext round) {
        Check.that(
                mira.graph().size() == available.size(),
                "clients of MIRA's graph",
                "the run's, " + available.size(),
                mira.graph().size());
        return composed.select(state, available, round);
    }

    @Override
    public TrainingTask broadcast(ServerState state, ClientId client, RoundContext round) {
        return new TrainingTask(client, round, state.round(), model(state, client));
    }

    private ParameterVector model(ServerState state, ClientId client) {
        return states.load(client, state.model().floats().getManager())
                .flatMap(kept -> kept.tensor(MODEL))
                .map(floats -> new ParameterVector(
                        state.model().layout(), floats, state.model().integers()))
                .orElse(state.model());
    }

    @Override
    public ServerUpdate update(ServerState state, Iterable<ModelUpdate> updates, RoundContext round) {
        UpdateIntake intake = new UpdateIntake(state, UpdatePolicy.all());
        Map<ClientId, ModelUpdate> trained = new TreeMap<>(); // with the client's model in place of the delta
        ParameterVector next = state.model().copy();
        intake.take(updates, update -> Admission.accepted(), update -> {
            try (ParameterVector local = model(state, update.client()).copy()) {
                local.addScaledInPlace(update.delta().on(local.floats().getDevice()), 1);
                trained.put(
                        update.client(),
                        round.updates()
                                .keep(
                                        update.withDelta(local),
                                        round,
                                        local.floats().getDevice()));
            }
            if (trained.size() == 1) {
                next.integers()
                        .ifPresent(
                                kept -> Kernels.copy(update.delta().integers().orElseThrow(), kept));
            }
        });
        for (ModelUpdate own : trained.values()) {
            try (NDScope scope = new NDScope()) { // one model at a time is drawn, whatever the cohort
                scope.suppressNotUsedWarning();
                NDArray drawn = drawn(own, trained.values());
                Kernels.addScaled(next.floats(), drawn, 1.0 / trained.size());
                Kernels.addScaled(next.floats(), model(state, own.client()).floats(), -1.0 / trained.size());
                states.stage(own.client(), StrategyState.empty().with(MODEL, drawn));
            }
        }
        trained.values().forEach(ModelUpdate::close);
        return new ServerUpdate(
                new ServerState(state.round() + 1, next, state.strategy()),
                intake.accepted(),
                intake.rejected(),
                Metrics.none());
    }

    private double pull(ModelUpdate update) {
        double pull = mira.rate() * (double) update.localSteps() * mira.lambda();
        if (pull > 0) {
            double bound = pull * mira.graph().largestEigenvalue();
            Check.that(
                    bound < 2,
                    "rate * steps * lambda * largest eigenvalue of the graph's Laplacian",
                    "below 2, or models diverge",
                    bound);
        }
        return pull;
    }

    private NDArray drawn(ModelUpdate own, Collection<ModelUpdate> trained) {
        NDArray model = own.delta().floats();
        NDArray drawn = model.duplicate();
        double pull = pull(own);
        for (ModelUpdate other : trained) {
            double weight = pull * mira.graph().weight(own.client(), other.client());
            if (weight > 0) {
                Kernels.addScaled(drawn, other.delta().floats(), weight);
                Kernels.addScaled(drawn, model, -weight);
            }
        }
        return drawn;
    }

    @Override
    public Metrics evaluate(ServerState state, RoundContext round) {
        return composed.evaluate(state, round);
    }
}
