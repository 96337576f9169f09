package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.fl4j.client.SgdClient;
import org.fl4j.client.SgdClientFactory;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.Server;
import org.fl4j.core.UpdateStream;
import org.fl4j.data.Dataset;
import org.fl4j.message.ClientId;
import org.fl4j.message.ClientOrder;
import org.fl4j.message.Note;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.ServerState;
import org.fl4j.message.ServerUpdate;
import org.fl4j.message.SharedMessage;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.model.LocalModel;
import org.fl4j.server.ForwardingServer;
import org.fl4j.server.StrategyFailedException;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What servers of the user's own plan and return is checked, and what they keep of a state stays open. */
class OwnServersTest extends TensorTest {
    private static final String SERVER = "round 1: server org.fl4j.simulation.OwnServersTest$Planning must ";

    private Dataset digits;

    @BeforeEach
    void generate() {
        digits = Fixtures.digits();
    }

    @AfterEach
    void free() {
        digits.close();
    }

    private SimulationBuilder run() {
        return Fixtures.softmaxRun(digits).rounds(1);
    }

    /** Changes the plans of the server below it. */
    private static final class Planning extends ForwardingServer {
        private final UnaryOperator<RoundPlan> plans;
        private final UnaryOperator<RoundPlan> evaluations;

        Planning(Server inner, UnaryOperator<RoundPlan> plans, UnaryOperator<RoundPlan> evaluations) {
            super(inner);
            this.plans = plans;
            this.evaluations = evaluations;
        }

        @Override
        public RoundPlan plan(ServerState state, ClientDirectory available, RoundContext round) {
            return plans.apply(super.plan(state, available, round));
        }

        @Override
        public RoundPlan evaluation(ServerState state, List<ClientId> clients, RoundContext round) {
            return evaluations.apply(super.evaluation(state, clients, round));
        }
    }

    private SimulationBuilder planning(UnaryOperator<RoundPlan> change) {
        return run().server((composed, parts) -> new Planning(composed, change, plan -> plan));
    }

    private static void fails(SimulationBuilder run, String message) {
        assertThatThrownBy(() -> run.build().run()).hasMessageContaining(message);
    }

    @Test
    void aPlanWithAModelOfAnotherLayout() {
        fails(
                planning(plan ->
                        plan.withMessages(Map.of(RoundPlan.MODEL, new SharedMessage(0, vector(1, 2, 3))), Map.of())),
                SERVER
                        + "send models of the task's layout, but in message model: parameter 02Linear_weight is"
                        + " missing");
    }

    @Test
    void anOwnModelThatIsMissingOrOfAnotherLayout() {
        fails(
                planning(plan -> plan.withOrder(plan.cohort().get(0), order -> ClientOrder.ownModel(() -> null))),
                "round 1, client 0 failed: java.lang.NullPointerException: own model of client 0 must not be null");
        fails(
                planning(plan ->
                        plan.withOrder(plan.cohort().get(0), order -> ClientOrder.ownModel(() -> vector(1, 2, 3)))),
                "own model of client 0 must have the layout of the shared one, but: parameter 02Linear_weight");
    }

    @Test
    void anOrderForAMessageThatThereIsNot() {
        fails(
                planning(plan -> plan.withOrder(plan.cohort().get(0), order -> new ClientOrder("older"))),
                "shared message of client 0 must be one of [model], but was older");
    }

    @Test
    void settingsWithoutAPrefixAreTheServersFault() {
        SimulationBuilder run =
                planning(plan -> plan.withSettings(Map.of("mu", .1))).failurePolicy(FailurePolicy.SKIP_CLIENT);
        assertThatThrownBy(() -> run.build().run())
                .isInstanceOf(StrategyFailedException.class)
                .hasMessageContaining("failed in plan")
                .hasMessageEndingWith("name of a setting must be one with a prefix, such as my/mu, but was mu");
    }

    @Test
    void anEvaluationOfOtherClients() {
        fails(
                run().clientEvaluation(digits.federated(Fixtures.partition(digits)), 1)
                        .server((composed, parts) -> new Planning(
                                composed, plan -> plan, plan -> plan.withCohort(List.of(new ClientId(0))))),
                SERVER + "plan an evaluation for the clients it is asked for, but planned it for others");
    }

    @Test
    void aNoteThatNobodyWrote() {
        fails(
                run().server((composed, parts) -> new ForwardingServer(composed) {
                    @Override
                    public ServerUpdate update(
                            ServerState state, RoundPlan plan, UpdateStream updates, RoundContext round) {
                        plan.note(new Note<>("my/note", String.class));
                        return super.update(state, plan, updates, round);
                    }
                }),
                "plan of the round must be the one that was made with note my/note, but was one with notes []");
    }

    /** Returns another initial state. */
    private static final class Beginning extends ForwardingServer {
        private final UnaryOperator<ServerState> first;

        Beginning(Server inner, UnaryOperator<ServerState> first) {
            super(inner);
            this.first = first;
        }

        @Override
        public ServerState initialState() {
            return first.apply(super.initialState());
        }
    }

    private SimulationBuilder beginning(UnaryOperator<ServerState> first) {
        return run().server((composed, parts) -> new Beginning(composed, first));
    }

    @Test
    void anInitialStateThatIsNone() {
        String server = "round 0: server org.fl4j.simulation.OwnServersTest$Beginning ";
        fails(beginning(state -> null), server + "must answer initialState, but returned null");
        fails(
                beginning(state -> {
                    throw new IllegalStateException("no");
                }),
                server + "failed in initialState: java.lang.IllegalStateException: no");
        fails(
                beginning(state -> state.next(state.model(), state.strategy())),
                server + "must begin with the state after round 0, but began with that after round 1");
        fails(
                beginning(state -> new ServerState(0, vector(1, 2, 3), state.strategy())),
                server + "must begin with models of the task's layout, but for model: parameter 02Linear_weight");
        fails(run().server((composed, parts) -> null), "server of layer AROUND must not be null");
    }

    /**
     * A server that an algorithm puts in place of the composed one is half of it: one around it that goes by itself is
     * refused.
     */
    @Test
    void aServerThatLeavesOutTheOneInPlaceOfTheComposed() {
        ServerDecorator base = (composed, parts) -> new Beginning(composed, state -> state);
        Server[] composedOne = new Server[1];
        SimulationBuilder leavingOut = run().server(ServerLayer.BASE, (composed, parts) -> {
                    composedOne[0] = composed;
                    return base.decorate(composed, parts);
                })
                .server((inner, parts) -> new Planning(composedOne[0], plan -> plan, plan -> plan));
        fails(
                leavingOut,
                SERVER + "ask the server that it is around, org.fl4j.simulation.OwnServersTest$Beginning, but did not");
        try (RunResult asked = run().server(ServerLayer.BASE, base)
                .server((inner, parts) -> new Planning(inner, plan -> plan, plan -> plan))
                .build()
                .run()) {
            assertThat(asked.end()).isEqualTo(RunResult.End.COMPLETED);
        }
    }

    /** Says in every round that the model before it is kept, as another model or as the new one. */
    private static ServerDecorator keeping(boolean asAnother) {
        return (composed, parts) -> new ForwardingServer(composed) {
            @Override
            public ServerUpdate update(ServerState state, RoundPlan plan, UpdateStream updates, RoundContext round) {
                ServerUpdate update = super.update(state, plan, updates, round);
                ParameterVector made = update.state().model();
                ServerState next = asAnother
                        ? state.next(Map.of(ServerState.MODEL, made, "before/last", state.model()), state.strategy())
                        : state.next(Map.of(), state.strategy());
                return new ServerUpdate(next, update.accepted(), update.rejected(), update.metrics());
            }
        };
    }

    @Test
    void aStateMayGoOnWithArraysOfTheOneBefore() {
        try (RunResult same = run().rounds(3).server(keeping(false)).build().run();
                RunResult fresh = Fixtures.softmaxRun(digits)
                        .rounds(3)
                        .server((composed, parts) -> new Beginning(composed, state -> state))
                        .build()
                        .run();
                RunResult another =
                        run().rounds(3).server(keeping(true)).build().run();
                RunResult twoRounds = run().rounds(2).build().run()) {
            assertThat(same.state().model().isFinite()).isTrue();
            assertThat(another.state().model().sha256())
                    .isEqualTo(fresh.state().model().sha256());
            assertThat(another.state().model("before/last").orElseThrow().sha256())
                    .isEqualTo(twoRounds.state().model().sha256());
        }
    }

    /** Names of models may look like paths, one within another. */
    @Test
    void checkpointsHoldModelsByName(@TempDir Path directory) {
        ServerDecorator groups = (composed, parts) -> new ForwardingServer(composed) {
            @Override
            public ServerUpdate update(ServerState state, RoundPlan plan, UpdateStream updates, RoundContext round) {
                ServerUpdate update = super.update(state, plan, updates, round);
                ServerState next = update.state();
                ServerState more = new ServerState(
                        next.round(),
                        Map.of(
                                ServerState.MODEL,
                                next.model(),
                                "group/a",
                                state.model("group/a/b%2F").orElse(next.model()).copy(),
                                "group/a/b%2F",
                                next.model().copy()),
                        next.strategy());
                return new ServerUpdate(more, update.accepted(), update.rejected(), update.metrics());
            }
        };
        String undisturbed;
        try (RunResult whole = run().rounds(4).server(groups).build().run()) {
            undisturbed = whole.stateSha256();
            assertThat(whole.state().models()).containsOnlyKeys("group/a", "group/a/b%2F", "model");
            assertThat(whole.state().model("group/a").orElseThrow().sha256())
                    .isNotEqualTo(whole.state().model().sha256());
        }
        SimulationBuilder kept = run().server(groups).checkpoints(directory, 1);
        kept.rounds(2).build().run().close();
        try (RunResult resumed = kept.rounds(4).resume(true).build().run()) {
            assertThat(resumed.stateSha256()).isEqualTo(undisturbed);
        }
    }

    @Test
    void observersAreNamed() {
        String observer = "round 1: observer a lambda of org.fl4j.simulation.OwnServersTest ";
        fails(run().observer(round -> null), observer + "must answer observe, but returned null");
        fails(
                run().observer(round -> {
                    throw new IllegalStateException("no /proc");
                }),
                observer + "failed in observe: java.lang.IllegalStateException: no /proc");
        fails(
                run().observer(round -> Metrics.of("load", 1, 1)),
                observer + "must give names that begin with observed/, but gave load");
        fails(
                run().observer(round -> Metrics.of("observed/load", 1, 1))
                        .observer(round -> Metrics.of("observed/load", 2, 1)),
                observer + "must give names that no other observer gives, but gave observed/load");
    }

    /** A plan may go by what the round has observed; the report says what that was. */
    @Test
    void plansGoByWhatIsObserved() {
        SimulationBuilder run = run().rounds(2)
                .observer(round -> Metrics.of("observed/needed", round, 1))
                .server((composed, parts) -> new ForwardingServer(composed) {
                    @Override
                    public RoundPlan plan(ServerState state, ClientDirectory available, RoundContext round) {
                        RoundPlan plan = super.plan(state, available, round);
                        return plan.withCohort(
                                plan.cohort().subList(0, (int) round.observed().value("observed/needed")));
                    }
                });
        try (RunResult result = run.build().run()) {
            assertThat(result.history())
                    .extracting(report -> report.cohort().size())
                    .containsExactly(1, 2);
            assertThat(result.finalMetrics().value("observed/needed")).isEqualTo(2);
        }
    }

    /** Rules for settings change nothing else, remember numbers in the state, and of two the later counts. */
    @Test
    void settingsRules() {
        SettingsRule.Factory counting = parts -> (state, round) -> {
            double next = state.strategy().number("my/count").orElse(0.0) + 1;
            return new SettingsRule.Decision(
                    Map.of("my/mu", next), Map.of("my/count", next), Metrics.of("my/count", next, 1));
        };
        SettingsRule.Factory fixed =
                parts -> (state, round) -> new SettingsRule.Decision(Map.of("my/mu", 7.0), Map.of(), Metrics.none());
        try (RunResult plain = run().blockTraining(BlockTraining.NEVER)
                        .rounds(3)
                        .build()
                        .run();
                RunResult counted = run().rounds(3)
                        .settings(counting)
                        .sgdClients(expecting("my/mu", 1, 2, 3))
                        .build()
                        .run();
                RunResult both = run().rounds(3)
                        .settings(counting)
                        .settings(fixed)
                        .sgdClients(expecting("my/mu", 7, 7, 7))
                        .build()
                        .run()) {
            assertThat(counted.finalMetrics().value("my/count")).isEqualTo(3);
            assertThat(counted.state().model().sha256())
                    .isEqualTo(plain.state().model().sha256())
                    .isEqualTo(both.state().model().sha256());
        }
    }

    /** What one client is sent counts more than what all are sent. */
    @Test
    void settingsOfOneClient() {
        List<Double> seen = Collections.synchronizedList(new ArrayList<>());
        SimulationBuilder run = planning(plan -> plan.withSettings(Map.of("my/mu", 1.0, "my/nu", 3.0))
                        .withOrder(plan.cohort().get(0), order -> order.withSettings(Map.of("my/mu", 2.0))))
                .sgdClients((id, worker, training) -> new SgdClient(id, worker, training) {
                    @Override
                    protected void beforeTraining(TrainingTask task, LocalModel model) {
                        seen.add(task.settings().get("my/mu"));
                        assertThat(task.settings()).containsEntry("my/nu", 3.0);
                    }
                });
        run.build().run().close();
        assertThat(seen).containsExactlyInAnyOrder(2.0, 1.0, 1.0, 1.0, 1.0);
    }

    /** Makes clients that fail unless a setting has the round's value. */
    private static SgdClientFactory expecting(String name, double... byRound) {
        return (id, worker, training) -> new SgdClient(id, worker, training) {
            @Override
            protected void beforeTraining(TrainingTask task, LocalModel model) {
                assertThat(task.settings()).containsEntry(name, byRound[task.round() - 1]);
            }
        };
    }
}
