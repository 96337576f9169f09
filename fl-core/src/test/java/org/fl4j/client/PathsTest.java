package org.fl4j.client;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.fl4j.data.Examples;
import org.fl4j.data.FederatedDataset;
import org.fl4j.data.Partition;
import org.fl4j.data.PartitionedDataset;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Ticket;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.FederatedModel;
import org.fl4j.model.Layer;
import org.fl4j.model.LearningTask;
import org.fl4j.model.Models;
import org.fl4j.model.Network;
import org.fl4j.model.TrainingProgram;
import org.fl4j.random.Seed;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Tensors;
import org.fl4j.testing.TensorTest;
import org.fl4j.testing.TestClientStates;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The compiled path against the eager one, which is the reference. */
class PathsTest extends TensorTest {
    private static final ClientId CLIENT = new ClientId(0);
    private static final int EXAMPLES = 17; // so that the last batch is smaller
    private static final int CLASSES = 10;

    /** Draws of this test's own, in which no rectified unit of the small networks is turned over by rounding. */
    private static final Ticket TICKET = new Ticket(CLIENT, 1, new Seed(3));

    /** An eager twin: the hook changes nothing but the path. */
    private static SgdClient eager(Worker worker, LocalTraining training) {
        return new SgdClient(CLIENT, worker, training) {
            @Override
            protected NDArray losses(NDArray predictions, LocalBatch batch) { // without a compiled form
                return super.losses(predictions, batch);
            }
        };
    }

    private static LearningTask network(Shape input, Layer... layers) {
        return LearningTask.classification(Network.of(layers), input);
    }

    private static final LocalTraining SGD = LocalTraining.sgd(.05).batchSize(5).epochs(2);

    static Stream<Arguments> cases() {
        Shape image = new Shape(2, 8, 8);
        LearningTask small = network(
                image,
                new Layer.Conv2d(4, 3, 1, 1, true),
                new Layer.Relu(),
                new Layer.MaxPool2d(2),
                new Layer.Dropout(.25),
                new Layer.Flatten(),
                new Layer.Dense(12),
                new Layer.Relu(),
                new Layer.Dropout(.5),
                new Layer.Dense(CLASSES));
        return Stream.of(
                Arguments.of("softmax regression", Models.softmaxRegression(image, CLASSES), SGD),
                Arguments.of("2NN", Models.mnist2nn(), SGD),
                Arguments.of("McMahan CNN", Models.mnistCnn(), SGD),
                Arguments.of("CIFAR CNN", Models.cifarCnn(), SGD),
                Arguments.of("ResNet-18, batch norm", Models.resNet18BatchNorm(CLASSES), SGD.steps(1)),
                Arguments.of("ResNet-18, group norm", Models.resNet18GroupNorm(CLASSES, 32), SGD.steps(1)),
                Arguments.of("weight decay", small, SGD.optimizer(new ClientOptimizer.Sgd(0, .01))),
                Arguments.of("momentum", small, SGD.optimizer(new ClientOptimizer.Sgd(.9, .01))),
                Arguments.of(
                        "Adam", small, LocalTraining.adam(.001).batchSize(5).epochs(2)),
                Arguments.of("gradient clipping", small, SGD.gradientClip(.1)),
                Arguments.of("proximal term", small, SGD.proximalTerm(.5)),
                Arguments.of(
                        "everything",
                        small,
                        SGD.proximalTerm(.5).gradientClip(.3).optimizer(new ClientOptimizer.Adam(.8, .95, 1e-4, .01))),
                Arguments.of(
                        "2NN whose first layer is frozen",
                        network(
                                image,
                                new Layer.Flatten(),
                                new Layer.Dense(30).frozen(),
                                new Layer.Tanh(),
                                new Layer.Dense(20),
                                new Layer.Tanh(),
                                new Layer.Dense(CLASSES)),
                        SGD.optimizer(new ClientOptimizer.Sgd(.5, 0))),
                Arguments.of(
                        "frozen between trained layers",
                        network(
                                image,
                                new Layer.Conv2d(4, 3, 1, 1, true),
                                new Layer.Tanh(),
                                new Layer.Conv2d(8, 3, 1, 1, true).frozen(),
                                new Layer.BatchNorm().frozen(),
                                new Layer.Dropout(.5).frozen(),
                                new Layer.GroupNorm(4).frozen(),
                                new Layer.Residual(
                                                List.of(
                                                        new Layer.Conv2d(6, 3, 2, 1, false),
                                                        new Layer.BatchNorm(),
                                                        new Layer.Tanh()),
                                                List.of(new Layer.Conv2d(6, 1, 2, 0, true)))
                                        .frozen(),
                                new Layer.Flatten(),
                                new Layer.LayerNorm().frozen(),
                                new Layer.Dense(12).frozen(),
                                new Layer.Dropout(.25),
                                new Layer.Dense(CLASSES)),
                        SGD),
                Arguments.of(
                        "activations and pooling",
                        network(
                                image,
                                new Layer.Conv2d(4, 3, 2, 1, false),
                                new Layer.Tanh(),
                                new Layer.AveragePool2d(2),
                                new Layer.Flatten(),
                                new Layer.Dense(8),
                                new Layer.LayerNorm(),
                                new Layer.Gelu(),
                                new Layer.Dense(8),
                                new Layer.Sigmoid(),
                                new Layer.Dense(CLASSES)),
                        SGD),
                Arguments.of(
                        "residual sums and norms",
                        network(
                                image,
                                new Layer.Conv2d(8, 3, 1, 1, false),
                                new Layer.BatchNorm(),
                                new Layer.Tanh(),
                                new Layer.Residual(
                                        List.of(
                                                new Layer.Conv2d(16, 3, 2, 1, false),
                                                new Layer.GroupNorm(4),
                                                new Layer.Tanh(),
                                                new Layer.Conv2d(16, 3, 1, 1, true),
                                                new Layer.BatchNorm()),
                                        List.of(new Layer.Conv2d(16, 1, 2, 0, false), new Layer.BatchNorm())),
                                new Layer.Tanh(),
                                new Layer.Residual(
                                        List.of(new Layer.Conv2d(16, 3, 1, 1, false), new Layer.BatchNorm()),
                                        List.of()),
                                new Layer.GlobalAveragePool2d(),
                                new Layer.Dense(CLASSES)),
                        SGD),
                Arguments.of(
                        "embedding",
                        network(
                                new Shape(6),
                                new Layer.Embedding(20, 5),
                                new Layer.Flatten(),
                                new Layer.Dense(CLASSES)),
                        SGD),
                Arguments.of(
                        "regression",
                        LearningTask.regression(
                                Network.of(
                                        new Layer.Flatten(), new Layer.Dense(6), new Layer.Tanh(), new Layer.Dense(1)),
                                image),
                        SGD));
    }

    private Examples examples(LearningTask task) {
        RandomGenerator random = new Seed(3).generator();
        boolean tokens = task.inputShape().dimension() == 1;
        Shape shape = new Shape(EXAMPLES).addAll(task.inputShape());
        NDArray features;
        if (tokens) {
            features = Tensors.create(manager, random.longs(shape.size(), 0, 20).toArray())
                    .reshape(shape);
        } else {
            float[] values = new float[(int) shape.size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) random.nextGaussian();
            }
            features = Tensors.create(manager, values, shape);
        }
        NDArray labels = task.metrics().isEmpty()
                ? Tensors.create(manager, new float[EXAMPLES], new Shape(EXAMPLES, 1))
                        .add(1)
                : Tensors.create(manager, random.longs(EXAMPLES, 0, CLASSES).toArray());
        return new Examples(features, labels);
    }

    /**
     * Of the millions of rectified units of a ResNet a few lie so near to zero that rounding decides whether they pass:
     * k of N units turned over change the gradient by about sqrt(k / N). Smooth networks agree far better.
     */
    private static double tolerance(String name) {
        return name.startsWith("ResNet") ? 5e-3 : 2e-5;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void agreeButForRounding(String name, LearningTask task, LocalTraining training) {
        FederatedDataset data = new PartitionedDataset(
                examples(task),
                Partition.of(List.of(IntStream.range(0, EXAMPLES).toArray())));
        try (FederatedModel model = new FederatedModel(task);
                Worker worker = new Worker(model, data, data, new TestClientStates(), Device.cpu())) {
            assertThat(model.program(
                            new TrainingProgram.Key(training.stepRule(false), Optional.empty(), Optional.empty()),
                            Device.cpu()))
                    .as("compiled path")
                    .isPresent();
            ParameterVector start = model.initial(new Seed(1), manager);
            TrainingTask message = new TrainingTask(TICKET, 0, start);
            ModelUpdate reference = eager(worker, training).train(message);
            ModelUpdate compiled = new SgdClient(CLIENT, worker, training).train(message);
            double difference =
                    compiled.delta().minus(reference.delta(), manager).norm();
            double size = reference.delta().norm();
            assertThat(size).isPositive();
            assertThat(difference / size).as("relative difference").isLessThan(tolerance(name));
            reference.delta().floatBuffers().ifPresent(expected -> {
                NDArray buffers = compiled.delta().floatBuffers().orElseThrow();
                assertThat(buffers.sub(expected).norm().getFloat()
                                / expected.norm().getFloat())
                        .as("running statistics")
                        .isLessThan(1e-3f);
            });
            assertThat(compiled.localSteps()).isEqualTo(reference.localSteps());
            reference
                    .metrics()
                    .values()
                    .forEach((metric, expected) -> assertThat(
                                    Math.abs(compiled.metrics().value(metric) / expected.value() - 1))
                            .as(metric)
                            .isLessThan(1e-3));
        }
    }

    /** A client that adds a fixed vector to each gradient, on either path. */
    private SgdClient corrected(Worker worker, LocalTraining training, NDArray correction, boolean eager) {
        if (eager) {
            return new SgdClient(CLIENT, worker, training) {
                @Override
                protected Optional<NDArray> gradientCorrection(TrainingTask task) {
                    return Optional.of(correction);
                }

                @Override
                protected NDArray losses(NDArray predictions, LocalBatch batch) { // without a compiled form
                    return super.losses(predictions, batch);
                }
            };
        }
        return new SgdClient(CLIENT, worker, training) {
            @Override
            protected Optional<NDArray> gradientCorrection(TrainingTask task) {
                return Optional.of(correction);
            }
        };
    }

    @Test
    void correctGradientsAlike() {
        LearningTask task = Models.softmaxRegression(new Shape(2, 8, 8), CLASSES);
        FederatedDataset data = new PartitionedDataset(
                examples(task),
                Partition.of(List.of(IntStream.range(0, EXAMPLES).toArray())));
        try (FederatedModel model = new FederatedModel(task);
                Worker worker = new Worker(model, data, data, new TestClientStates(), Device.cpu())) {
            TrainingTask message = new TrainingTask(TICKET, 0, model.initial(new Seed(1), manager));
            NDArray correction = manager.ones(new Shape(model.layout().trainableCount()));
            ModelUpdate plain = new SgdClient(CLIENT, worker, SGD).train(message);
            ModelUpdate compiled =
                    corrected(worker, SGD, correction, /* eager= */ false).train(message);
            ModelUpdate reference =
                    corrected(worker, SGD, correction, /* eager= */ true).train(message);
            double size = reference.delta().norm();
            assertThat(compiled.delta().minus(reference.delta(), manager).norm() / size)
                    .isLessThan(2e-5);
            assertThat(compiled.delta().minus(plain.delta(), manager).norm() / size)
                    .isGreaterThan(.1);
        }
    }
}
