package org.fl4j.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.stream.Stream;
import org.fl4j.data.Examples;
import org.fl4j.metrics.Metrics;
import org.fl4j.random.Seed;
import org.fl4j.tensor.Parallel;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Evaluation in parts, on one thread and on several. */
class PredictionsTest extends TensorTest {
    private static final int COUNT = 61;

    static Stream<LearningTask> tasks() {
        return Stream.of(
                Models.mnist2nn(),
                Models.mnistCnn(),
                LearningTask.classification(
                        Network.of(
                                new Layer.Flatten(),
                                new Layer.Dense(20),
                                new Layer.BatchNorm(),
                                new Layer.Relu(),
                                new Layer.Dense(10)),
                        new Shape(784)));
    }

    private Examples examples(LearningTask task) {
        NDArray features = manager.create(
                        new Seed(4).generator().ints(COUNT * 784L, 0, 255).toArray())
                .toType(DataType.FLOAT32, false)
                .div(255)
                .reshape(new Shape(COUNT).addAll(task.inputShape()));
        return new Examples(
                features,
                manager.create(new Seed(5).generator().longs(COUNT, 0, 10).toArray()));
    }

    @ParameterizedTest
    @MethodSource("tasks")
    void theSameBitsOnAnyNumberOfThreads(LearningTask task) {
        Examples examples = examples(task);
        try (FederatedModel model = new FederatedModel(task);
                LocalModel local = new LocalModel(model, Device.cpu())) {
            local.load(model.initial(new Seed(1), manager));
            Metrics expected = Predictions.evaluate(local, examples, "test", 7);
            assertThat(expected.values().get("test/loss").weight()).isEqualTo(COUNT);
            for (int threads : new int[] {1, 2, 5, 20}) {
                assertThat(Parallel.among(threads, () -> Predictions.evaluate(local, examples, "test", 7)))
                        .isEqualTo(expected);
            }
            local.load(model.initial(new Seed(2), manager)); // models of other threads must follow
            Metrics other = Predictions.evaluate(local, examples, "test", 7);
            assertThat(other).isNotEqualTo(expected);
            assertThat(Parallel.among(2, () -> Predictions.evaluate(local, examples, "test", 7)))
                    .isEqualTo(other);
        }
    }

    static Stream<LearningTask> compiled() {
        return Stream.concat(
                tasks(),
                Stream.of(
                        Models.cifarCnn(),
                        Models.resNet18BatchNorm(10),
                        Models.resNet18GroupNorm(10, 32),
                        Models.characterLstm(65, 12),
                        Models.transformer(65, 12, 2, 16, 4),
                        LearningTask.classification(
                                Network.of(
                                        new Layer.Conv2d(4, 3, 1, 1, true).frozen(),
                                        new Layer.BatchNorm().frozen(),
                                        new Layer.Gelu(),
                                        new Layer.GlobalAveragePool2d(),
                                        new Layer.Dropout(.5),
                                        new Layer.Dense(3)),
                                new Shape(1, 8, 8))));
    }

    @ParameterizedTest
    @MethodSource("compiled")
    void theProgramPredictsWhatLayersPredict(LearningTask task) {
        try (FederatedModel model = new FederatedModel(task);
                LocalModel local = new LocalModel(model, Device.cpu())) {
            local.load(model.initial(new Seed(1), manager));
            Shape shape = new Shape(5).addAll(task.inputShape());
            long size = shape.size();
            boolean tokens =
                    task.inputShape().dimension() == 1 && task.inputShape().get(0) == 12;
            NDArray numbers =
                    manager.create(new Seed(4).generator().longs(size, 0, 65).toArray(), shape);
            NDArray features =
                    tokens ? numbers : numbers.toType(DataType.FLOAT32, false).div(65);
            assertThat(model.predictions(Device.cpu())).as("a program").isPresent();
            NDArray expected = local.forward(features, /* training= */ false);
            NDArray predicted = local.inference.predict(features);
            assertThat(predicted.getShape()).isEqualTo(expected.getShape());
            float scale = expected.abs().max().getFloat();
            assertThat(predicted.sub(expected).abs().max().getFloat()).isLessThan(2e-5f * scale);
        }
    }

    /** As a network of layers always could, for texts of other lengths than those it is trained on. */
    @Test
    void layersPredictSequencesOfOtherLengths() {
        LearningTask task = LearningTask.sequence(
                Network.of(
                        new Layer.Embedding(9, 6),
                        new SequenceLayer.Lstm(4),
                        new SequenceLayer.TimeDistributed(List.of(new Layer.Dense(9)))),
                new Shape(7));
        try (FederatedModel model = new FederatedModel(task);
                LocalModel local = new LocalModel(model, Device.cpu())) {
            local.load(model.initial(new Seed(1), manager));
            NDArray text = manager.create(new long[] {1, 2, 3, 4, 5, 6, 7}, new Shape(1, 7));
            NDArray whole = local.predict(text);
            NDArray begun = local.predict(text.get(":, :3"));
            assertThat(whole.getShape()).isEqualTo(new Shape(1, 7, 9));
            assertThat(begun.getShape()).isEqualTo(new Shape(1, 3, 9));
            assertThat(begun.sub(whole.get(":, :3")).abs().max().getFloat()).isLessThan(1e-5f);
        }
    }

    @Test
    void layersPredictWhereOneHasAName() {
        LearningTask task = LearningTask.classification(
                Network.of(new Layer.Flatten(), new Layer.Dense(5).named("hidden"), new Layer.Dense(3)), new Shape(4));
        try (FederatedModel model = new FederatedModel(task);
                LocalModel local = new LocalModel(model, Device.cpu())) {
            assertThat(model.predictions(Device.cpu())).isEmpty();
            local.predict(manager.ones(new Shape(2, 4)));
            assertThat(local.output("hidden").getShape()).isEqualTo(new Shape(2, 5));
        }
    }

    @Test
    void aFailureOfAPartIsThrown() {
        try (FederatedModel model = new FederatedModel(Models.mnist2nn());
                LocalModel local = new LocalModel(model, Device.cpu())) {
            Examples narrow = new Examples(manager.zeros(new Shape(9, 3)), manager.zeros(new Shape(9), DataType.INT64));
            assertThatThrownBy(() -> Parallel.among(2, () -> Predictions.evaluate(local, narrow, "test", 2)))
                    .isInstanceOf(RuntimeException.class);
        }
    }

    @Test
    void noExamplesMeasureNothing() {
        try (FederatedModel model = new FederatedModel(Models.mnist2nn());
                LocalModel local = new LocalModel(model, Device.cpu())) {
            Examples none = new Examples(manager.zeros(new Shape(0, 784)), manager.zeros(new Shape(0), DataType.INT64));
            assertThat(Predictions.evaluate(local, none, "test", 2)).isEqualTo(Metrics.none());
        }
    }
}
