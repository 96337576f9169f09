package org.fl4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.Optional;
import org.fl4j.core.Admission;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.ListAggregator;
import org.fl4j.core.Server;
import org.fl4j.core.ServerOptimizer;
import org.fl4j.fixture.SmallRuns;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Rejection;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.ServerState;
import org.fl4j.message.ServerUpdate;
import org.fl4j.message.SharedMessage;
import org.fl4j.message.StrategyState;
import org.fl4j.metrics.Metrics;
import org.fl4j.model.FederatedModel;
import org.fl4j.model.Layer;
import org.fl4j.model.LearningTask;
import org.fl4j.model.LocalModel;
import org.fl4j.model.Network;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.testing.AggregatorContract;
import org.fl4j.testing.ServerContract;
import org.fl4j.testing.ServerOptimizerContract;
import org.fl4j.testing.TensorTest;
import org.fl4j.world.World;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class ComposedServerTest extends TensorTest {
    private static final Aggregator FIRST =
            new ListAggregator(updates -> updates.get(0).delta());

    @Nested
    class PlainStep extends ServerOptimizerContract {
        @Override
        protected ServerOptimizer optimizer() {
            return new AddDelta(.5);
        }

        @Test
        void addsTheDeltaTimesTheRate() {
            var step = optimizer().step(vector(1, 2), vector(4, -4), StrategyState.empty());
            assertThat(values(step.model())).containsExactly(3, 0);
        }

        @Test
        void refusesARateThatIsNotPositive() {
            assertThatThrownBy(() -> new AddDelta(0))
                    .hasMessage("serverLearningRate must be positive and finite, but was 0.0");
        }
    }

    /** A list-based rule that does not depend on order: the mean of two sums. */
    @Nested
    class BufferedList extends AggregatorContract {
        @Override
        protected Aggregator aggregator() {
            return new ListAggregator(updates -> {
                var mean = updates.get(0).delta().copy();
                updates.subList(1, updates.size()).forEach(update -> mean.addScaledInPlace(update.delta(), 1));
                mean.floats().divi(updates.size());
                return mean;
            });
        }
    }

    private static final ClientSelector FIRST_CLIENTS = SmallRuns.FIRST;

    private Server composed(int cohortSize, int maxStaleness) {
        return new ComposedServer(
                () -> vector(1, 2),
                FIRST_CLIENTS,
                cohortSize,
                FIRST,
                new AddDelta(1),
                UpdatePolicy.all(),
                maxStaleness,
                new LocalModel(
                        new FederatedModel(LearningTask.classification(Network.of(new Layer.Dense(2)), new Shape(1))),
                        Device.cpu()),
                Optional.empty());
    }

    @Nested
    class Contract extends ServerContract {
        @Override
        protected Server server() {
            return composed(4, 0);
        }
    }

    private static Clock clock() {
        World world = new World((client, round, work) -> 10 - client.index());
        return new Clock(world, FIRST_CLIENTS, examples -> examples, ParameterLayout::byteCount);
    }

    @Nested
    class Timed extends ServerContract {
        @Override
        protected Server server() {
            return new TimedServer(composed(4, 0), clock(), 20);
        }
    }

    @Nested
    class Asynchronous extends ServerContract {
        @Override
        protected Server server() {
            return new AsynchronousServer(
                    composed(1, 5), new AsynchronousRules(6, 2, 5, Double.POSITIVE_INFINITY), clock());
        }
    }

    private ServerUpdate update(Aggregator aggregator, ModelUpdate... updates) {
        LearningTask task = LearningTask.classification(Network.of(new Layer.Dense(2)), new Shape(1));
        try (FederatedModel model = new FederatedModel(task);
                ComposedServer server = new ComposedServer(
                        () -> vector(0, 0),
                        (available, count, round, state) -> List.of(),
                        1,
                        aggregator,
                        new AddDelta(1),
                        UpdatePolicy.all(),
                        0,
                        new LocalModel(model, Device.cpu()),
                        Optional.empty())) {
            ServerState state = server.initialState();
            assertThat(server.evaluate(state, round())).isEqualTo(Metrics.none());
            return server.update(
                    state, RoundPlan.of(List.of(), SharedMessage.of(state)), List.of(updates)::iterator, round());
        }
    }

    private static Rejection rejection(int client, RejectionReason reason, String detail) {
        return new Rejection(new ClientId(client), reason, detail);
    }

    @Test
    void rejectsEveryKindOfBrokenUpdateAndFoldsTheRest() {
        ServerUpdate result = update(
                FIRST,
                update(0, 5, vector(Float.NaN, 1)),
                update(1, 5, vector(1, Double.POSITIVE_INFINITY)),
                update(2, 5, vector(1, 2, 3)),
                update(3, 0, vector(1, 1)),
                update(4, -7, vector(1, 1)),
                new ModelUpdate(new ClientId(5), 3, 5, 1, vector(1, 1), Metrics.none()),
                update(6, 5, vector(7, 8)),
                update(6, 5, vector(9, 9)));
        assertThat(result.rejected())
                .containsExactly(
                        rejection(
                                0, RejectionReason.NOT_FINITE, "delta must be finite, but has NaN or infinite values"),
                        rejection(
                                1, RejectionReason.NOT_FINITE, "delta must be finite, but has NaN or infinite values"),
                        rejection(
                                2,
                                RejectionReason.WRONG_SHAPE,
                                "delta: parameter w must be TRAINABLE [2] at offset 0, but was TRAINABLE [3] at"
                                        + " offset 0"),
                        rejection(3, RejectionReason.NO_EXAMPLES, "exampleCount must be at least 1, but was 0"),
                        rejection(4, RejectionReason.NO_EXAMPLES, "exampleCount must be at least 1, but was -7"),
                        rejection(5, RejectionReason.STALE, "modelVersion must be 0, but was 3"),
                        rejection(
                                6,
                                RejectionReason.DUPLICATE,
                                "client 6 must send one update a round, but sent another"));
        assertThat(result.accepted()).containsOnlyKeys(new ClientId(6));
        assertThat(result.state().round()).isEqualTo(1);
        assertThat(values(result.state().model())).containsExactly(7, 8);
    }

    @Test
    void keepsTheModelWhenNoUpdateIsLeft() {
        ServerUpdate result = update(FIRST, update(3, 0, vector(1, 1)));
        assertThat(result.state().round()).isEqualTo(1);
        assertThat(values(result.state().model())).containsExactly(0, 0);
    }

    @Test
    void asksTheAggregatorBeforeItFolds() {
        Aggregator picky = (round, state) -> new Aggregation() {
            private final Aggregation inner = FIRST.begin(round, state);

            @Override
            public Admission onModelUpdate(ModelUpdate update) {
                return update.delta().norm() > 3
                        ? Admission.rejected(RejectionReason.REFUSED, "norm must be at most 3")
                        : Admission.accepted();
            }

            @Override
            public void add(ModelUpdate update) {
                inner.add(update);
            }

            @Override
            public void merge(Aggregation other) {
                throw new IllegalStateException("one part only");
            }

            @Override
            public Aggregate combine() {
                return inner.combine();
            }
        };
        ServerUpdate result = update(picky, update(0, 1, vector(30, 40)), update(1, 1, vector(1, 2)));
        assertThat(result.rejected()).containsExactly(rejection(0, RejectionReason.REFUSED, "norm must be at most 3"));
        assertThat(values(result.state().model())).containsExactly(1, 2);
    }
}
