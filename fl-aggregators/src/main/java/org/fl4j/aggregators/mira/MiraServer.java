package org.fl4j.aggregators.mira;

import static org.fl4j.message.TrainingFacts.LEARNING_RATE;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.fl4j.core.Admission;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.Server;
import org.fl4j.core.UpdateStream;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Receipt;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.ServerState;
import org.fl4j.message.ServerUpdate;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.metrics.Metrics;
import org.fl4j.server.ForwardingServer;
import org.fl4j.server.OwnModels;
import org.fl4j.server.UpdateIntake;
import org.fl4j.simulation.DecoratorContext;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterVector;

/** Sends each client its own model, and draws the models of a cohort together. */
final class MiraServer extends ForwardingServer {
    private static final Slot SLOT = Slot.ofServer("mira");
    private final DecoratorContext run;
    private final OwnModels models;
    private final Mira mira;
    private final ClientGraph graph;

    MiraServer(Server composed, DecoratorContext run, Mira mira) {
        super(composed);
        this.run = run;
        models = new OwnModels(run.states(), SLOT);
        this.mira = mira;
        graph = mira.graph().of(run.clients().size());
    }

    @Override
    public RoundPlan plan(ServerState state, ClientDirectory available, RoundContext round) {
        return models.sent(super.plan(state, available, round), state);
    }

    @Override
    public RoundPlan evaluation(ServerState state, List<ClientId> clients, RoundContext round) {
        return models.sent(super.evaluation(state, clients, round), state);
    }

    @Override
    public ServerUpdate update(ServerState state, RoundPlan plan, UpdateStream updates, RoundContext round) {
        UpdateIntake intake = new UpdateIntake(state, run.updates());
        Map<ClientId, ModelUpdate> trained = new TreeMap<>(); // with the client's model in place of the delta
        ParameterVector next = state.model().copy();
        intake.take(updates, MiraServer::judge, update -> {
            ModelUpdate local = models.trained(state, update, round);
            trained.put(update.client(), local);
            if (trained.size() == 1) {
                next.integers()
                        .ifPresent(
                                kept -> Kernels.copy(update.delta().integers().orElseThrow(), kept));
            }
        });
        if (!intake.isEnough()) {
            trained.values().forEach(ModelUpdate::close);
            trained.clear();
        }
        double lambda = lambda(trained.values());
        for (ModelUpdate own : trained.values()) {
            try (NDScope scope = new NDScope()) { // one model at a time is drawn, whatever the cohort
                scope.suppressNotUsedWarning();
                NDArray drawn = drawn(own, trained.values(), lambda);
                Kernels.addScaled(next.floats(), drawn, 1.0 / trained.size());
                Kernels.addScaled(
                        next.floats(), models.model(state, own.client()).floats(), -1.0 / trained.size());
                models.stage(own.client(), drawn, StrategyState.empty());
            }
        }
        trained.values().forEach(ModelUpdate::close);
        Optional<String> fault = next.firstNotFinite();
        if (fault.isPresent()) {
            StrategyState learned = learned(state, plan, intake.receipts(plan, /* counts= */ false), round);
            return intake.refused(
                    state.next(state.model().copy(), learned),
                    "aggregate must be finite, but parameter " + fault.get() + " has NaN or infinite values");
        }
        return new ServerUpdate(
                state.next(next, learned(state, plan, intake.receipts(plan, /* counts= */ true), round)),
                intake.accepted(),
                intake.rejected(),
                Metrics.none());
    }

    private StrategyState learned(ServerState state, RoundPlan plan, List<Receipt> receipts, RoundContext round) {
        return run.selector().learned(state.strategy(), plan, receipts, round);
    }

    private static Admission judge(ModelUpdate update) {
        return update.facts().find(LEARNING_RATE).isPresent()
                ? Admission.accepted()
                : Admission.rejected(
                        RejectionReason.REFUSED, "facts must have " + LEARNING_RATE.name() + ", but did not");
    }

    /** Returns the given strength, or a share of the largest that the client with the most and largest steps allows. */
    private double lambda(Collection<ModelUpdate> trained) {
        return mira.lambda().orElseGet(() -> {
            double most = trained.stream().mapToDouble(MiraServer::way).max().orElse(0) * graph.largestEigenvalue();
            return most > 0 ? 2 * mira.share() / most : 0;
        });
    }

    /** Learning rate times steps. */
    private static double way(ModelUpdate update) {
        return update.facts().get(LEARNING_RATE) * (double) update.localSteps();
    }

    private double pull(ModelUpdate update, double lambda) {
        double pull = way(update) * lambda;
        if (pull > 0) {
            double bound = pull * graph.largestEigenvalue();
            Check.that(
                    bound < 2,
                    "rate * steps * lambda * largest eigenvalue of the graph's Laplacian",
                    "below 2, or models diverge (choose lambda below " + (float) (lambda * 2 / bound)
                            + " or leave it out, a smaller learning rate or fewer local steps)",
                    bound);
        }
        return pull;
    }

    private NDArray drawn(ModelUpdate own, Collection<ModelUpdate> trained, double lambda) {
        NDArray model = own.delta().floats();
        NDArray drawn = model.duplicate();
        double pull = pull(own, lambda);
        for (ModelUpdate other : trained) {
            double weight = pull * graph.weight(own.client(), other.client());
            if (weight > 0) {
                Kernels.addScaled(drawn, other.delta().floats(), weight);
                Kernels.addScaled(drawn, model, -weight);
            }
        }
        return drawn;
    }
}
