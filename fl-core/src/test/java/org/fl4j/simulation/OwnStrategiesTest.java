package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.ListAggregator;
import org.fl4j.core.Server;
import org.fl4j.core.UpdateStream;
import org.fl4j.data.Dataset;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.ServerState;
import org.fl4j.message.ServerUpdate;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.model.LocalModel;
import org.fl4j.server.ForwardingServer;
import org.fl4j.server.StrategyFailedException;
import org.fl4j.server.UpdatePolicy;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Strategies of the user's own that throw or break their contract are named with the round. */
class OwnStrategiesTest extends TensorTest {
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

    private static void fails(SimulationBuilder run, String start, String end) {
        assertThatThrownBy(() -> run.build().run().close())
                .isInstanceOf(StrategyFailedException.class)
                .hasMessageStartingWith("round 1: " + start)
                .hasMessageEndingWith(end);
    }

    /** What README's aggregator did in a cohort of two. */
    @Test
    void anAggregatorThatThrows() {
        fails(
                run().aggregator(new ListAggregator(
                        updates -> List.<ModelUpdate>of().get(0).delta())),
                "aggregator org.fl4j.core.ListAggregator failed in combine: ",
                "java.lang.ArrayIndexOutOfBoundsException: Index 0 out of bounds for length 0");
        fails(
                run().aggregator((round, state) -> {
                    throw new UnsupportedOperationException("not yet");
                }),
                "aggregator a lambda of org.fl4j.simulation.OwnStrategiesTest failed in begin: ",
                "java.lang.UnsupportedOperationException: not yet");
        Aggregator ofAlgorithm = new ListAggregator(updates -> null);
        fails( // and not what watches over it
                run().algorithm(builder -> builder.aggregator(ofAlgorithm)),
                "aggregator org.fl4j.core.ListAggregator failed in combine: ",
                "java.lang.NullPointerException: combine must not return null");
    }

    private static Aggregator combining(UnaryOperator<Aggregate> change) {
        return (round, state) -> {
            Aggregation mean = Fixtures.MEAN.begin(round, state);
            return new Aggregation() {
                @Override
                public void add(ModelUpdate update) {
                    mean.add(update);
                }

                @Override
                public void merge(Aggregation other) {
                    mean.merge(other);
                }

                @Override
                public Aggregate combine() {
                    return change.apply(mean.combine());
                }
            };
        };
    }

    @Test
    void anAggregatorThatAnswersNothing() {
        fails(run().aggregator((round, state) -> null), "aggregator ", " must answer begin, but returned null");
        fails(run().aggregator(combining(mean -> null)), "aggregator ", " must answer combine, but returned null");
    }

    @Test
    void anAggregateOfAnotherLayout() {
        fails(
                run().aggregator(combining(
                        mean -> new Aggregate(Optional.of(vector(1, 2, 3)), StrategyState.empty(), Metrics.none()))),
                "aggregator ",
                " must combine updates to a delta of the model's layout, but: parameter 02Linear_weight is missing");
    }

    @Test
    void aSelectorThatThrowsOrBreaksItsContract() {
        ClientSelector first = (available, count, round, state) -> List.of(available.id(0));
        fails(
                run().selector(first),
                "selector a lambda of org.fl4j.simulation.OwnStrategiesTest ",
                " must choose 5 clients, but chose 1: [client 0]");
        fails(
                run().selector((available, count, round, state) -> null),
                "selector ",
                " must answer select, but returned null");
        ClientSelector far = (available, count, round, state) -> List.of(available.id(available.size()));
        assertThatThrownBy(() -> run().selector(far).build().run())
                .isInstanceOf(StrategyFailedException.class)
                .hasMessageStartingWith(
                        "round 1: selector a lambda of org.fl4j.simulation.OwnStrategiesTest failed in select: ");
    }

    @Test
    void aServerOptimizerAndAFilter() {
        fails(
                run().serverOptimizer((model, delta, state) -> {
                    throw new ArithmeticException("overflow");
                }),
                "server optimizer a lambda of org.fl4j.simulation.OwnStrategiesTest failed in step: ",
                "java.lang.ArithmeticException: overflow");
        fails(
                run().updates(UpdatePolicy.all().filter((update, state) -> {
                    throw new IllegalStateException("no");
                })),
                "update filter a lambda of org.fl4j.simulation.OwnStrategiesTest failed in onModelUpdate: ",
                "java.lang.IllegalStateException: no");
    }

    /** A server of the user's own around the composed one. */
    private static class Around extends ForwardingServer {
        Around(Server inner) {
            super(inner);
        }
    }

    @Test
    void aServerThatChoosesAClientTwice() {
        fails(
                run().server((composed, parts) -> new Around(composed) {
                    @Override
                    public RoundPlan plan(ServerState state, ClientDirectory available, RoundContext round) {
                        return super.plan(state, available, round)
                                .withCohort(List.of(available.id(3), available.id(3)));
                    }
                }),
                "server org.fl4j.simulation.OwnStrategiesTest$",
                " must choose each client once, but chose client 3 twice");
    }

    @Test
    void aServerThatThrowsOrAnswersNothing() {
        fails(
                run().server((composed, parts) -> new Around(composed) {
                    @Override
                    public ServerUpdate update(
                            ServerState state, RoundPlan plan, UpdateStream updates, RoundContext round) {
                        throw new IllegalStateException("no");
                    }
                }),
                "server org.fl4j.simulation.OwnStrategiesTest$",
                " failed in update: java.lang.IllegalStateException: no");
        fails(
                run().server((composed, parts) -> new Around(composed) {
                    @Override
                    public Metrics evaluate(ServerState state, RoundContext round) {
                        return null;
                    }
                }),
                "server org.fl4j.simulation.OwnStrategiesTest$",
                " must answer evaluate, but returned null");
        fails(
                run().server((composed, parts) -> new Around(composed) {
                    @Override
                    public ServerUpdate update(
                            ServerState state, RoundPlan plan, UpdateStream updates, RoundContext round) {
                        ServerUpdate update = super.update(state, plan, updates, round);
                        ServerState late = new ServerState(7, update.state().model(), StrategyState.empty());
                        return new ServerUpdate(late, update.accepted(), update.rejected(), update.metrics());
                    }
                }),
                "server org.fl4j.simulation.OwnStrategiesTest$",
                " must return the state after the round, but returned that after round 7");
    }

    /** A client that throws is still reported as such, though the server was asking for its update. */
    @Test
    void aClientsFailureIsNotTheServers() {
        SimulationBuilder run = run().server((composed, parts) -> new Around(composed))
                .clients((id, worker) -> {
                    throw new IllegalStateException("client");
                });
        assertThatThrownBy(() -> run.build().run()).isInstanceOf(ClientFailedException.class);
    }

    /** Per-round configuration of clients, under a prefix of the user's own. */
    @Test
    void settingsOfTheUsersOwnReachClients() {
        List<Double> seen = new ArrayList<>();
        SimulationBuilder run = run().workers(1)
                .server((composed, parts) -> new Around(composed) {
                    @Override
                    public RoundPlan plan(ServerState state, ClientDirectory available, RoundContext round) {
                        return super.plan(state, available, round).withSettings(Map.of("my/mu", .1 * round.number()));
                    }
                })
                .sgdClients((id, worker, training) -> new SgdClient(id, worker, training) {
                    @Override
                    protected void beforeTraining(TrainingTask task, LocalModel model) {
                        seen.add(task.settings().get("my/mu"));
                    }
                });
        run.build().run().close();
        assertThat(seen).hasSize(5).containsOnly(.1);
    }

    @Test
    void settingsOfTheLibraryMustBeKnown() {
        assertThatThrownBy(() -> configured("training/mu", 1).build().run())
                .hasMessageEndingWith("setting of a task that begins with training/ must be training/batch size or"
                        + " training/steps share, but was training/mu");
        assertThatThrownBy(
                        () -> configured(LocalTraining.BATCH_SIZE, 2.5).build().run())
                .hasMessageEndingWith("training/batch size must be a whole number of at least 1, but was 2.5");
        assertThatThrownBy(() -> configured("mu", 1).build().run())
                .hasMessageEndingWith("name of a setting must be one with a prefix, such as my/mu, but was mu");
    }

    private SimulationBuilder configured(String name, double value) {
        return run().server((composed, parts) -> new Around(composed) {
            @Override
            public RoundPlan plan(ServerState state, ClientDirectory available, RoundContext round) {
                return super.plan(state, available, round).withSettings(Map.of(name, value));
            }
        });
    }
}
