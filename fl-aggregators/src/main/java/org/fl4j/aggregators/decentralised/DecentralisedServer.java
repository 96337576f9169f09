package org.fl4j.aggregators.decentralised;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.fl4j.core.Admission;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.Server;
import org.fl4j.core.UpdateStream;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Receipt;
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

/** Sends each node its own model, and averages neighbours' models. */
final class DecentralisedServer extends ForwardingServer {
    private static final Slot SLOT = Slot.ofServer("decentralised");

    private final DecoratorContext run;
    private final OwnModels models;
    private final Decentralised setting;

    DecentralisedServer(Server composed, DecoratorContext run, Decentralised setting) {
        super(composed);
        this.run = run;
        models = new OwnModels(run.states(), SLOT);
        this.setting = setting;
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
        Map<Integer, ModelUpdate> there = new TreeMap<>(); // what each sends, in place of its delta
        ParameterVector next = state.model().copy();
        intake.take(updates, update -> Admission.accepted(), update -> {
            if (there.isEmpty()) {
                next.integers()
                        .ifPresent(
                                kept -> Kernels.copy(update.delta().integers().orElseThrow(), kept));
            }
            there.put(update.client().index(), sent(state, update, round));
        });
        Metrics metrics = intake.isEnough() ? averaged(state, round, there, next) : Metrics.none();
        there.values().forEach(ModelUpdate::close);
        Optional<String> fault = next.firstNotFinite();
        if (fault.isPresent()) {
            return intake.refused(
                    state.next(state.model().copy(), learned(state, plan, intake.receipts(plan, false), round)),
                    "mean of nodes must be finite, but parameter " + fault.get() + " has NaN or infinite values");
        }
        StrategyState learned = learned(state, plan, intake.receipts(plan, /* counts= */ true), round);
        return new ServerUpdate(state.next(next, learned), intake.accepted(), intake.rejected(), metrics);
    }

    private StrategyState learned(ServerState state, RoundPlan plan, List<Receipt> receipts, RoundContext round) {
        return run.selector().learned(state.strategy(), plan, receipts, round);
    }

    /** Keeps for the round what a node sends, in place of its delta, and what it puts aside. */
    private ModelUpdate sent(ServerState state, ModelUpdate update, RoundContext round) {
        try (NDScope scope = new NDScope();
                ModelUpdate local = models.trained(state, update, round)) {
            scope.suppressNotUsedWarning();
            NDArray model = models.model(state, update.client()).floats();
            NDArray trained = local.delta().floats();
            ParameterVector sent = local.delta().copy();
            Kernels.copy(setting.step().sent(model, trained, models.kept(state, update.client())), sent.floats());
            ModelUpdate message = update.withArrays(sent, setting.step().aside(model, trained));
            return round.updates()
                    .keep(message, round, model.getDevice())
                    .keep(state.model().floats().getManager());
        }
    }

    /** Gives every node that is there its next model, and moves the mean of all nodes. */
    private Metrics averaged(
            ServerState state, RoundContext round, Map<Integer, ModelUpdate> there, ParameterVector next) {
        NodeGraph graph = setting.topology().of(run.clients().size(), round.number());
        BitSet present = new BitSet();
        there.keySet().forEach(present::set);
        double squares = 0; // of distances to the mean before the round
        long messages = 0;
        NDArray before = state.model().floats();
        NDArray mean = before.zerosLike(); // less that, of those who are there
        for (Map.Entry<Integer, ModelUpdate> node : there.entrySet()) {
            try (NDScope scope = new NDScope()) { // one model at a time, whatever the number of nodes
                scope.suppressNotUsedWarning();
                ClientId client = node.getValue().client();
                Map<Integer, Double> weights = graph.weights(node.getKey(), present);
                NDArray model = mixed(node.getValue(), weights, there);
                Kernels.addScaled(next.floats(), model, 1.0 / graph.size());
                Kernels.addScaled(next.floats(), models.model(state, client).floats(), -1.0 / graph.size());
                squares += Math.pow(Kernels.distance(model, before), 2);
                Kernels.addScaled(mean, model, 1.0 / there.size());
                Kernels.addScaled(mean, before, -1.0 / there.size());
                messages += weights.size();
                NDArray aside = node.getValue().attachments().get(NodeStep.BEFORE);
                StrategyState empty = StrategyState.empty();
                models.stage(client, model, aside == null ? empty : empty.with(NodeStep.BEFORE, aside));
            }
        }
        double spread = squares / there.size() - Math.pow(Kernels.norm(mean), 2);
        mean.close();
        return Metrics.of("decentralised/consensus distance", Math.sqrt(Math.max(0, spread)), there.size())
                .merge(Metrics.of(
                        "decentralised/bytes", messages * (double) next.layout().byteCount(), 1));
    }

    private NDArray mixed(ModelUpdate own, Map<Integer, Double> weights, Map<Integer, ModelUpdate> there) {
        NDArray sent = own.delta().floats();
        NDArray mixed = sent.duplicate();
        for (Map.Entry<Integer, Double> neighbour : weights.entrySet()) {
            NDArray theirs = there.get(neighbour.getKey()).delta().floats();
            double weight = neighbour.getValue() * (1 - setting.step().laziness());
            if (setting.clipping().isPresent()) {
                double distance = Kernels.distance(theirs, sent);
                weight *= distance > 0 ? Math.min(1, setting.clipping().getAsDouble() / distance) : 1;
            }
            Kernels.addScaled(mixed, theirs, weight);
            Kernels.addScaled(mixed, sent, -weight);
        }
        NDArray aside = own.attachments().get(NodeStep.OWN);
        if (aside != null) {
            Kernels.addScaled(mixed, aside, 1);
        }
        return mixed;
    }
}
