package org.fl4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.fl4j.data.Digits;
import org.fl4j.data.FederatedDataset;
import org.fl4j.data.Partition;
import org.fl4j.expression.Expression;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Ticket;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.FederatedModel;
import org.fl4j.model.LocalModel;
import org.fl4j.model.Models;
import org.fl4j.random.Seed;
import org.fl4j.testing.TensorTest;
import org.fl4j.testing.TestClientStates;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a client adds to gradients as an expression: the same in a program, before a hook, and through autograd. */
class GradientTermTest extends TensorTest {
    private static final int EXAMPLES = 23;
    private static final ClientId CLIENT = new ClientId(0);
    private static final LocalTraining TRAINING =
            LocalTraining.sgd(.05).batchSize(5).epochs(3);
    private static final Expression AWAY = Expression.parameters().minus(Expression.received());

    private FederatedModel model;
    private Worker worker;
    private TrainingTask task;

    @BeforeEach
    void open() {
        model = new FederatedModel(Models.softmaxRegression(new Shape(1, 28, 28), 10));
        FederatedDataset data = Digits.generate(EXAMPLES, 10, new Seed(1))
                .federated(Partition.of(List.of(IntStream.range(0, EXAMPLES).toArray())));
        worker = new Worker(model, data, data, new TestClientStates(), Device.cpu());
        task = new TrainingTask(new Ticket(CLIENT, 1, new Seed(3)), 0, model.initial(new Seed(1), manager));
    }

    @AfterEach
    void close() {
        worker.close();
        model.close();
    }

    private class Adding extends SgdClient {
        private final Optional<Expression> term;

        Adding(LocalTraining training, Expression term) {
            super(CLIENT, worker, training);
            this.term = Optional.of(term);
        }

        @Override
        protected Optional<Expression> gradientTerm() {
            return term;
        }

        @Override
        protected Map<String, NDArray> lossTensors(TrainingTask asked, LocalModel local) {
            return term.get().toString().contains("tensor")
                    ? Map.of("direction", local.parameters().trainable().mul(.1).add(.01))
                    : Map.of();
        }
    }

    private final class Eager extends Adding {
        Eager(LocalTraining training, Expression term) {
            super(training, term);
        }

        @Override
        protected NDArray losses(NDArray predictions, LocalBatch batch) { // without a compiled form
            return super.losses(predictions, batch);
        }
    }

    private final class WithHook extends Adding {
        WithHook(LocalTraining training, Expression term) {
            super(training, term);
        }

        @Override
        protected void afterBackward(LocalStep step) {}
    }

    private void assertSame(ModelUpdate update, ModelUpdate reference) {
        assertThat(reference.delta().norm()).isPositive();
        assertThat(update.delta().minus(reference.delta(), manager).norm()
                        / reference.delta().norm())
                .isLessThan(2e-5);
    }

    static Stream<Arguments> cases() {
        Expression size = AWAY.squared().sum().plus(1e-6).sqrt();
        return Stream.of(
                Arguments.of("a pull", TRAINING, AWAY.times(.5)),
                Arguments.of("a pull of a length", TRAINING, AWAY.dividedBy(size)),
                Arguments.of(
                        "a sum of sums",
                        TRAINING,
                        AWAY.minus(Expression.tensor("direction")
                                        .minus(AWAY.squared().times(2)))
                                .negated()
                                .times(-.3)
                                .plus(AWAY.squared().mean())
                                .plus(.001)),
                Arguments.of("a direction", TRAINING, Expression.tensor("direction")),
                Arguments.of(
                        "Adam, clipping and a proximal term",
                        LocalTraining.adam(.001).batchSize(5).gradientClip(.5).proximalTerm(.1),
                        AWAY.plus(Expression.tensor("direction"))),
                Arguments.of("momentum", TRAINING.optimizer(new ClientOptimizer.Sgd(.9, .01)), AWAY.tanh()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void isTheSameOnAllPaths(String name, LocalTraining training, Expression term) {
        ModelUpdate compiled = new Adding(training, term).train(task);
        assertSame(compiled, new Eager(training, term).train(task));
        assertSame(compiled, new WithHook(training, term).train(task));
        ModelUpdate without = new SgdClient(CLIENT, worker, training).train(task);
        assertThat(compiled.delta().minus(without.delta(), manager).norm()
                        / without.delta().norm())
                .as("the term has an effect")
                .isGreaterThan(1e-3);
    }

    @Test
    void aPullIsTheProximalTerm() {
        assertSame(
                new Adding(TRAINING, AWAY.times(.5)).train(task),
                new SgdClient(CLIENT, worker, TRAINING.proximalTerm(.5)).train(task));
    }

    /** It is no part of the loss. */
    @Test
    void gradientsAsideAreWithoutIt() {
        class Asking extends Adding {
            private double norm;

            Asking(Expression term) {
                super(TRAINING, term);
            }

            @Override
            protected void beforeTraining(TrainingTask asked, LocalModel local) {
                norm = fullGradient().norm().getFloat();
            }
        }
        Asking some = new Asking(Expression.parameters().times(1000));
        Asking none = new Asking(Expression.parameters().times(0));
        some.train(task);
        none.train(task);
        assertThat(some.norm).isPositive().isEqualTo(none.norm);
    }

    @Test
    void refusesWhatDoesNotFit() {
        Expression ofExamples = Expression.parameters().times(Expression.perExample("weight"));
        assertThatThrownBy(() -> new Adding(TRAINING, ofExamples).requireExamples())
                .hasMessageStartingWith(
                        "gradient term of a client must be one of parameters(), received() and tensors, but was");
        Expression number = AWAY.squared().sum();
        assertThatThrownBy(() -> new Adding(TRAINING, number).train(task))
                .hasMessageContaining(
                        "shape of a client's gradient term must be one value a parameter, 7850," + " but had 1 values");
        assertThatThrownBy(() -> new Eager(TRAINING, number).train(task))
                .hasMessage("shape of a client's gradient term must be one value a parameter, 7850, but was (1, 1)");
        Expression five = AWAY.plus(Expression.tensor("direction"));
        SgdClient narrow = new Adding(TRAINING, five) {
            @Override
            protected Map<String, NDArray> lossTensors(TrainingTask asked, LocalModel local) {
                return Map.of("direction", manager.ones(new Shape(5)));
            }
        };
        assertThatThrownBy(() -> narrow.train(task))
                .hasMessageContaining(
                        "shape of a client's gradient term must be one value a parameter, 7850," + " but had 5 values");
        SgdClient confused = new SgdClient(CLIENT, worker, TRAINING) {
            @Override
            protected Optional<Expression> loss() {
                return Optional.of(AWAY.squared().sum());
            }
        };
        assertThatThrownBy(confused::requireExamples)
                .hasMessage("loss of a client must be one of outputs and labels, but reads parameters,"
                        + " which are for gradientTerm");
    }
}
