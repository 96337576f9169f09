package org.fl4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.fl4j.data.Digits;
import org.fl4j.data.FederatedDataset;
import org.fl4j.data.Partition;
import org.fl4j.expression.Expression;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Ticket;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.FederatedModel;
import org.fl4j.model.Layer;
import org.fl4j.model.LearningTask;
import org.fl4j.model.LocalModel;
import org.fl4j.model.Network;
import org.fl4j.model.TrainingProgram;
import org.fl4j.random.Seed;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.testing.TensorTest;
import org.fl4j.testing.TestClientStates;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Clients with hooks, losses and loops of their own: the compiled paths against the eager one. */
class OwnLossTest extends TensorTest {
    private static final ClientId CLIENT = new ClientId(0);
    private static final int EXAMPLES = 23; // so that the last batch is smaller
    private static final LocalTraining TRAINING = LocalTraining.sgd(.05)
            .batchSize(5)
            .epochs(2)
            .proximalTerm(.1)
            .gradientClip(1)
            .optimizer(new ClientOptimizer.Sgd(.5, 1e-3));
    private static final Expression LOGS = Expression.predictions().logSoftmax();
    private static final Expression CROSS_ENTROPY = LOGS.at(Expression.labels()).negated();

    private FederatedModel model;
    private Worker worker;
    private TrainingTask task;

    @BeforeEach
    void open() {
        Network network = Network.of(
                new Layer.Flatten(),
                new Layer.Dense(20),
                new Layer.Tanh().named("hidden"),
                new Layer.Dropout(.25),
                new Layer.Dense(10));
        model = new FederatedModel(LearningTask.classification(network, new Shape(1, 28, 28)));
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

    /** A client with a loss of its own, compiled or not. */
    private class Own extends SgdClient {
        private final Expression loss;
        private final Map<String, NDArray> tensors;

        Own(Expression loss, Map<String, NDArray> tensors) {
            super(CLIENT, worker, TRAINING);
            this.loss = loss;
            this.tensors = tensors;
        }

        @Override
        protected Optional<Expression> loss() {
            return Optional.of(loss);
        }

        @Override
        protected Map<String, NDArray> lossTensors(TrainingTask asked, LocalModel local) {
            return tensors;
        }
    }

    private final class Eager extends Own {
        Eager(Expression loss, Map<String, NDArray> tensors) {
            super(loss, tensors);
        }

        @Override
        protected NDArray losses(NDArray predictions, LocalBatch batch) { // without a compiled form
            return super.losses(predictions, batch);
        }
    }

    private void assertSame(ModelUpdate update, ModelUpdate reference) {
        assertThat(reference.delta().norm()).isPositive();
        assertThat(update.delta().minus(reference.delta(), manager).norm()
                        / reference.delta().norm())
                .isLessThan(2e-5);
        assertThat(Math.abs(update.metrics().value("train/loss")
                                / reference.metrics().value("train/loss")
                        - 1))
                .isLessThan(1e-4);
    }

    private void assertCompilesTo(Expression loss, Map<String, NDArray> tensors) {
        assertThat(model.program(
                        new TrainingProgram.Key(TRAINING.stepRule(false), Optional.of(loss), Optional.empty()),
                        Device.cpu()))
                .isPresent();
        assertSame(new Own(loss, tensors).train(task), new Eager(loss, tensors).train(task));
    }

    @Test
    void crossEntropyInWordsIsTheTasks() {
        assertSame(new Own(CROSS_ENTROPY, Map.of()).train(task), new SgdClient(CLIENT, worker, TRAINING).train(task));
    }

    @Test
    void aClientOfOneClassAloneKeepsItsBitsWhicheverClientObjectAsks() {
        NDArray first =
                new Own(CROSS_ENTROPY, Map.of()).train(task).delta().floats().duplicate();
        assertThat(new Own(LOGS.at(Expression.labels()).negated(), Map.of())
                        .train(task)
                        .delta()
                        .floats()
                        .contentEquals(first))
                .isTrue();
    }

    @Test
    void readsTensorsByExampleAndForAll() {
        NDArray teacher = manager.randomNormal(new Shape(EXAMPLES, 10));
        NDArray shift = manager.randomNormal(new Shape(1, 10));
        Expression distilled =
                Expression.perExample("teacher").softmax().times(LOGS).sum();
        Expression shifted = Expression.predictions()
                .minus(Expression.tensor("shift"))
                .logSoftmax()
                .at(Expression.labels());
        assertCompilesTo(distilled.times(.3).plus(shifted).negated(), Map.of("teacher", teacher, "shift", shift));
    }

    @Test
    void readsNamedLayers() {
        NDArray prototypes = manager.randomNormal(new Shape(EXAMPLES, 20));
        Expression away = Expression.output("hidden").minus(Expression.perExample("prototypes"));
        assertCompilesTo(CROSS_ENTROPY.plus(away.squared().mean()), Map.of("prototypes", prototypes));
    }

    /** Cross-entropy by its gradient is cross-entropy; a term at a layer joins it. */
    @Test
    void lossesAreGivenByTheirGradients() {
        Expression errors = Expression.predictions()
                .softmax()
                .minus(Expression.predictions().oneHot(Expression.labels()));
        Expression given = CROSS_ENTROPY.withoutGradient().plusGradient(Expression.predictions(), errors);
        assertSame(new Own(given, Map.of()).train(task), new SgdClient(CLIENT, worker, TRAINING).train(task));
        assertCompilesTo(given.plusGradient(Expression.output("hidden"), Expression.output("hidden")), Map.of());
    }

    @Test
    void aLossOfALayerAloneTrainsWhatIsBeforeIt() {
        ModelUpdate update = new Own(Expression.output("hidden").squared().mean(), Map.of()).train(task);
        assertThat(update.delta().norm()).isPositive();
        assertCompilesTo(Expression.output("hidden").squared().mean(), Map.of());
    }

    @Test
    void namesLeaveParametersAsTheyAre() {
        Network bare = Network.of(
                new Layer.Flatten(),
                new Layer.Dense(20),
                new Layer.Tanh(),
                new Layer.Dropout(.25),
                new Layer.Dense(10));
        try (FederatedModel other = new FederatedModel(LearningTask.classification(bare, new Shape(1, 28, 28)))) {
            assertThat(other.layout()).isEqualTo(model.layout());
            assertThat(other.initial(new Seed(1), manager).floats())
                    .isEqualTo(model.initial(new Seed(1), manager).floats());
        }
    }

    /** The hook sees the same gradients, batches and positions on both paths, and changes them alike. */
    @Test
    void hooksWorkOnCompiledGradients() {
        List<List<String>> seen = List.of(new ArrayList<>(), new ArrayList<>());
        class Hooked extends Own {
            private final List<String> calls;

            Hooked(List<String> calls) {
                super(CROSS_ENTROPY, Map.of());
                this.calls = calls;
            }

            @Override
            protected void afterBackward(LocalStep step) {
                LocalBatch batch = step.batch();
                calls.add(step.number() + " " + Arrays.toString(batch.positions()) + " "
                        + Arrays.toString(batch.labels().toLongArray()));
                step.gradient().addi(step.parameters().sub(step.received()).muli(.5f));
                step.gradient().addi(gradient(batch.positions()).muli(.1f));
            }
        }
        class EagerHooked extends Hooked {
            EagerHooked(List<String> calls) {
                super(calls);
            }

            @Override
            protected NDArray losses(NDArray predictions, LocalBatch batch) {
                return super.losses(predictions, batch);
            }
        }
        assertSame(new Hooked(seen.get(0)).train(task), new EagerHooked(seen.get(1)).train(task));
        assertThat(seen.get(0)).hasSize(10).isEqualTo(seen.get(1));
    }

    /** A loop of one's own keeps clipping, proximal term, optimizer and metrics. */
    @Test
    void loopsOfOnesOwnKeepAllSettings() {
        SgdClient own = new SgdClient(CLIENT, worker, TRAINING) {
            @Override
            protected LocalResult optimize(TrainingTask asked, LocalModel local, ParameterVector received) {
                LocalLoop loop = loop(asked, training(), anchor(received), "");
                loop.run(batch -> local.gradient(batch.features(), predictions -> losses(predictions, batch)));
                return loop.result();
            }
        };
        assertSame(own.train(task), new SgdClient(CLIENT, worker, TRAINING).train(task));
    }

    @Test
    void otherParametersPredictWhileAGradientIsComputed() {
        ParameterVector zeros = ParameterVector.zeros(model.layout(), manager);
        List<Float> largest = new ArrayList<>();
        SgdClient client = new SgdClient(CLIENT, worker, TRAINING) {
            @Override
            protected NDArray losses(NDArray predictions, LocalBatch batch) {
                largest.add(worker().model()
                        .predict(zeros, batch.features())
                        .abs()
                        .max()
                        .getFloat());
                return super.losses(predictions, batch);
            }
        };
        assertSame(client.train(task), new SgdClient(CLIENT, worker, TRAINING).train(task));
        assertThat(largest).hasSize(10).containsOnly(0f);
    }

    @Test
    void aTrainingDoesNotBeginInAStepOfAnother() {
        SgdClient client = new SgdClient(CLIENT, worker, TRAINING) {
            @Override
            protected void afterBackward(LocalStep step) {
                train(step.task(), TRAINING, step.received(), "inner");
            }
        };
        assertThatThrownBy(() -> client.train(task))
                .hasMessage("training of client 0 must begin when the one before has ended, but began in one of its"
                        + " steps");
    }

    @Test
    void hooksOfOtherParametersAreRefused() {
        SgdClient client = new SgdClient(CLIENT, worker, TRAINING) {
            @SuppressWarnings({"unused", "EffectivelyPrivate"}) // the hook's parameters before it had the batch
            protected NDArray losses(NDArray predictions, NDArray labels) {
                return predictions;
            }
        };
        assertThatThrownBy(() -> client.train(task)).hasMessageContaining("losses must be those of the hook, [");
    }

    @Test
    void numbersOfAllSizesAndSignsCompile() {
        assertCompilesTo(CROSS_ENTROPY.times(-2e-4).minus(-1e-9).times(-5e3).plus(1e-30), Map.of());
    }

    /** Class weights, as a vector. */
    @Test
    void readsClassWeights() {
        NDArray weights = manager.arange(10f).add(1);
        assertCompilesTo(
                CROSS_ENTROPY.times(Expression.tensor("weights").at(Expression.labels())), Map.of("weights", weights));
    }

    @Test
    void refusesWhatDoesNotFit() {
        assertThatThrownBy(() -> new Own(LOGS, Map.of()).requireExamples())
                .hasMessageStartingWith(
                        "loss of a client must be of one value an example, such as a sum or a mean, but was");
        assertThatThrownBy(() -> new Own(Expression.output("heads").mean(), Map.of()).requireExamples())
                .hasMessage("named layer that a loss reads must be one of [hidden], but was heads");
        assertThatThrownBy(() -> new Own(CROSS_ENTROPY, Map.of("a", manager.ones(new Shape(2)))).train(task))
                .hasMessage("tensors of a loss or gradient term must be named [], but was [a]");
        Expression weighed = CROSS_ENTROPY.times(Expression.perExample("weight"));
        assertThatThrownBy(() -> new Own(weighed, Map.of("weight", manager.ones(new Shape(2, 1)))).train(task))
                .hasMessage("shape of tensor weight of a loss or gradient term must be (23, k), a row for each"
                        + " example of the client,"
                        + " but was (2, 1)");
        assertThatThrownBy(() -> new Eager(weighed, Map.of("weight", manager.ones(new Shape(23, 2)))).train(task))
                .hasMessage("shape of a client's loss must be (5, 1), one value an example, but was (5, 2)");
        assertThatThrownBy(() -> new Own(weighed, Map.of("weight", manager.ones(new Shape(23, 2)))).train(task))
                .hasMessageContaining(
                        "shape of a client's loss must be (5, 1), one value an example, but had 10 values");
        new Own(CROSS_ENTROPY, Map.of()).train(task);
        assertThatThrownBy(() -> worker.model().output("hidden")) // only a program ran
                .hasMessage("name of a layer's output must be one of [], but was hidden");
        assertThatThrownBy(() -> new Layer.Frozen(new Layer.Relu().named("x"), 0))
                .hasMessageStartingWith("layer to freeze must be without a name: name the frozen layer");
        assertThatThrownBy(() -> new Own(
                                CROSS_ENTROPY.times(Expression.tensor("w")), Map.of("w", manager.ones(new Shape(5, 1))))
                        .train(task))
                .hasMessage("shape of tensor w of a loss or gradient term must be (1, k) or (k), the same for all"
                        + " examples,"
                        + " but was (5, 1)");
        assertThatThrownBy(() -> new Layer.Residual(List.of(new Layer.Relu().named("x")), List.of()))
                .hasMessageStartingWith("layers of a residual layer must be without names: name the residual layer");
        assertThatThrownBy(() -> new Layer.Relu().named("x").named("y"))
                .hasMessageStartingWith("layer to name must be without a name yet");
        assertThatThrownBy(() -> Network.of(new Layer.Relu().named("x"), new Layer.Relu().named("x"))
                        .get())
                .hasMessage("names of layers' outputs must be different, but was [x, x]");
    }
}
