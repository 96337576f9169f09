package org.fl4j.server;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.Server;
import org.fl4j.core.ServerOptimizer;
import org.fl4j.core.UpdateStream;
import org.fl4j.data.Examples;
import org.fl4j.internal.Check;
import org.fl4j.internal.TypeNames;
import org.fl4j.message.ClientId;
import org.fl4j.message.Receipt;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.ServerState;
import org.fl4j.message.ServerUpdate;
import org.fl4j.message.SharedMessage;
import org.fl4j.message.StrategyState;
import org.fl4j.metrics.Metrics;
import org.fl4j.model.LocalModel;
import org.fl4j.tensor.ParameterVector;

/**
 * The server of synchronous federated optimisation (Reddi et al. 2021, arXiv 2003.00295, algorithm 1): a selector, an
 * aggregator and a server optimizer, with one model for all clients.
 */
public final class ComposedServer implements Server, AutoCloseable {
    private final Supplier<ParameterVector> initialModel;
    private final ClientSelector selector;
    private final int cohortSize;
    private final Aggregator aggregator;
    private final ServerOptimizer optimizer;
    private final UpdatePolicy policy;
    private final int maxStaleness;
    private final LocalModel evaluationModel;
    private final Optional<Examples> test;

    /**
     * Composes a server.
     *
     * @param initialModel makes the model of round 0, in new arrays
     * @param selector chooses cohorts
     * @param cohortSize how many clients a round, at least 1
     * @param aggregator combines updates
     * @param optimizer applies the aggregate
     * @param policy which updates are taken
     * @param maxStaleness how many versions a client may be behind; 0 in synchronous rounds
     * @param evaluationModel what central evaluation computes with; the server closes it
     * @param test the server's test data, if it has any
     */
    public ComposedServer(
            Supplier<ParameterVector> initialModel,
            ClientSelector selector,
            int cohortSize,
            Aggregator aggregator,
            ServerOptimizer optimizer,
            UpdatePolicy policy,
            int maxStaleness,
            LocalModel evaluationModel,
            Optional<Examples> test) {
        this.initialModel = Check.present("initialModel", initialModel);
        this.selector = Check.present("selector", selector);
        this.cohortSize = Check.positive("cohortSize", cohortSize);
        this.aggregator = Check.present("aggregator", aggregator);
        this.optimizer = Check.present("optimizer", optimizer);
        this.policy = Check.present("policy", policy)
                .minimumUpdates(Math.max(policy.minimumUpdates(), aggregator.minimumUpdates()));
        this.maxStaleness = Check.atLeast("maxStaleness", 0, maxStaleness);
        this.evaluationModel = Check.present("evaluationModel", evaluationModel);
        Device device = evaluationModel.device();
        this.test = test.map(examples -> examples.features().getDevice().equals(device)
                ? examples
                : examples.on(device).keep(evaluationModel.manager()));
    }

    @Override
    public ServerState initialState() {
        return new ServerState(0, initialModel.get(), StrategyState.empty());
    }

    @Override
    public RoundPlan plan(ServerState state, ClientDirectory available, RoundContext round) {
        List<ClientId> cohort = CohortRule.select(selector, available, cohortSize, round, state.strategy());
        return RoundPlan.of(cohort, policy.bufferSize(), message(state, round));
    }

    @Override
    public RoundPlan evaluation(ServerState state, List<ClientId> clients, RoundContext round) {
        return RoundPlan.of(clients, message(state, round));
    }

    private SharedMessage message(ServerState state, RoundContext round) {
        Map<String, NDArray> attachments = ask(round, "attachments", () -> aggregator.attachments(state));
        Check.that(
                attachments.isEmpty() || aggregator.sendsAttachments(),
                "attachments of an aggregator that says it sends none",
                "none",
                attachments.keySet());
        return SharedMessage.of(state).withAttachments(attachments);
    }

    @Override
    public ServerUpdate update(ServerState state, RoundPlan plan, UpdateStream updates, RoundContext round) {
        Check.that(
                !plan.hasSlices() || aggregator.takesSlices(),
                "aggregator of a plan with slices of the model",
                "one that takes them, such as FedAvg",
                TypeNames.of(aggregator));
        UpdateIntake intake =
                new UpdateIntake(state, policy, maxStaleness, aggregator.readsDelta(), aggregator.takesSlices());
        Aggregation aggregation = new RoundFold(aggregator, round, state, plan, intake).of(updates);
        Aggregate aggregate = intake.isEnough()
                ? requireLayout(ask(round, "combine", aggregation::combine), state, round)
                : Aggregate.of(Optional.empty(), state);
        ServerOptimizer.Step moved = aggregate
                .delta()
                .map(delta -> StrategyCall.ask(
                        round.number(),
                        "server optimizer",
                        optimizer,
                        "step",
                        () -> optimizer.step(state.model(), delta, aggregate.strategy())))
                .orElseGet(() -> new ServerOptimizer.Step(state.model().copy(), aggregate.strategy()));
        ServerOptimizer.Step step = aggregate
                .covered()
                .map(some -> new ServerOptimizer.Step(within(some, moved.model(), state.model()), moved.state()))
                .orElse(moved);
        Optional<String> fault = NotFinite.in(aggregate, state, step);
        if (fault.isPresent()) {
            StrategyState learned = learned(state.strategy(), plan, intake.receipts(plan, /* counts= */ false), round);
            return intake.refused(state.next(state.model().copy(), learned), fault.get());
        }
        StrategyState learned = learned(step.state(), plan, intake.receipts(plan, /* counts= */ true), round);
        Map<String, ParameterVector> models = new TreeMap<>(aggregate.models());
        models.put(ServerState.MODEL, step.model());
        ServerState next = state.next(models, learned);
        return new ServerUpdate(next, intake.accepted(), intake.rejected(), aggregate.metrics());
    }

    /** Returns one model where coordinates are covered, and another where they are not. */
    private static ParameterVector within(NDArray covered, ParameterVector there, ParameterVector elsewhere) {
        NDArray floats = NDArrays.where(covered, there.floats(), elsewhere.floats());
        return new ParameterVector(there.layout(), floats, there.integers());
    }

    private <T> T ask(RoundContext round, String method, Supplier<T> call) {
        return StrategyCall.ask(round.number(), "aggregator", aggregator, method, call);
    }

    private Aggregate requireLayout(Aggregate aggregate, ServerState state, RoundContext round) {
        aggregate
                .delta()
                .flatMap(delta -> state.model().layout().differenceFrom(delta.layout()))
                .ifPresent(difference -> {
                    throw StrategyFailedException.broke(
                            round.number(),
                            "aggregator",
                            aggregator,
                            "combine updates to a delta of the model's layout, but: " + difference);
                });
        return aggregate;
    }

    private StrategyState learned(StrategyState state, RoundPlan plan, List<Receipt> receipts, RoundContext round) {
        return StrategyCall.ask(
                round.number(), "selector", selector, "learned", () -> selector.learned(state, plan, receipts, round));
    }

    @Override
    public Metrics evaluate(ServerState state, RoundContext round) {
        if (test.isEmpty()) {
            return Metrics.none();
        }
        test.get().requireOpen();
        evaluationModel.load(state.model());
        return evaluationModel.evaluate(test.get(), "test");
    }

    /** Frees the evaluation model. */
    @Override
    public void close() {
        evaluationModel.close();
    }
}
