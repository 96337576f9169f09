package org.fl4j.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.training.ParameterStore;
import ai.djl.training.initializer.Initializer;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.fl4j.data.Examples;
import org.fl4j.random.Seed;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterRole;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Tensors;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ModelsTest extends TensorTest {
    static Stream<Arguments> publishedSizes() {
        return Stream.of(
                Arguments.of(Models.softmaxRegression(new Shape(784), 10), 7_850),
                Arguments.of(Models.mnist2nn(), 199_210),
                Arguments.of(Models.mnistCnn(), 1_663_370),
                Arguments.of(Models.cifarCnn(), 1_626_442),
                Arguments.of(Models.resNet18BatchNorm(10), 11_173_962),
                Arguments.of(Models.resNet18GroupNorm(10, 32), 11_173_962),
                // embedding 520, LSTM layers 272,384 and 526,336, dense 16,705
                Arguments.of(Models.characterLstm(65, 80), 815_945),
                // embedding 8,320, positions 8,192, four blocks of 198,272, normalisation 256, dense 8,385
                Arguments.of(Models.transformer(65, 64, 4, 128, 4), 818_241));
    }

    @ParameterizedTest
    @MethodSource("publishedSizes")
    void hasAsManyTrainableParametersAsPublished(LearningTask task, long size) {
        try (FederatedModel model = new FederatedModel(task)) {
            assertThat(model.layout().trainableCount()).isEqualTo(size);
        }
    }

    @Test
    void keepsRunningStatisticsAsFloatBuffers() {
        try (FederatedModel model = new FederatedModel(Models.resNet18BatchNorm(10))) {
            assertThat(model.layout().floatCount() - model.layout().trainableCount())
                    .isEqualTo(9_600);
        }
    }

    private static LearningTask task(Shape input, Layer... layers) {
        return LearningTask.classification(Network.of(layers), input);
    }

    private NDArray random(Seed seed, Shape shape) {
        RandomGenerator random = seed.generator();
        float[] values = new float[(int) shape.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return Tensors.create(manager, values, shape);
    }

    static Stream<Arguments> smallNetworks() {
        return Stream.of(
                Arguments.of(
                        "dense",
                        new Layer[] {new Layer.Flatten(), new Layer.Dense(5), new Layer.Relu(), new Layer.Dense(3)}),
                Arguments.of("convolution", new Layer[] {
                    new Layer.Conv2d(4, 3, 1, 1, true),
                    new Layer.Relu(),
                    new Layer.MaxPool2d(2),
                    new Layer.Flatten(),
                    new Layer.Dense(3)
                }),
                Arguments.of("group normalisation", new Layer[] {
                    new Layer.Conv2d(4, 3, 1, 0, false),
                    new Layer.GroupNorm(2),
                    new Layer.Relu(),
                    new Layer.GlobalAveragePool2d(),
                    new Layer.Dense(3)
                }),
                Arguments.of("batch normalisation", new Layer[] {
                    new Layer.Conv2d(4, 3, 1, 0, false),
                    new Layer.BatchNorm(),
                    new Layer.Relu(),
                    new Layer.GlobalAveragePool2d(),
                    new Layer.Dense(3)
                }),
                Arguments.of("residual", new Layer[] {
                    new Layer.Residual(
                            List.of(new Layer.Conv2d(4, 3, 2, 1, false), new Layer.Relu()),
                            List.of(new Layer.Conv2d(4, 1, 2, 0, false))),
                    new Layer.Residual(List.of(new Layer.Conv2d(4, 3, 1, 1, true)), List.of()),
                    new Layer.GlobalAveragePool2d(),
                    new Layer.Dense(3)
                }));
    }

    /** Directional derivatives by central differences, in float32: five directions, 2 % or 2e-3. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("smallNetworks")
    void differentiatesAsFiniteDifferencesDo(String name, Layer[] layers) {
        try (FederatedModel model = new FederatedModel(task(new Shape(2, 8, 8), layers));
                LocalModel local = new LocalModel(model, Device.cpu())) {
            local.load(model.initial(new Seed(1), manager));
            NDArray features = random(new Seed(2), new Shape(6, 2, 8, 8));
            NDArray labels = Tensors.create(manager, new long[] {0, 1, 2, 0, 1, 2});
            UnaryOperator<NDArray> loss = predictions -> model.task().loss().perExample(predictions, labels);
            NDArray gradient = local.gradient(features, loss).gradient();
            ParameterVector at = local.parameters().copy();
            for (int i = 0; i < 5; i++) {
                NDArray direction =
                        random(new Seed(10 + i), new Shape(model.layout().trainableCount()));
                direction.divi(direction.norm());
                double analytic = gradient.mul(direction).sum().getFloat();
                double numeric = (lossAt(local, at, direction, 2e-3f, features, loss)
                                - lossAt(local, at, direction, -2e-3f, features, loss))
                        / 4e-3;
                assertThat(analytic).isCloseTo(numeric, within(Math.max(2e-3, .02 * Math.abs(numeric))));
            }
        }
    }

    private static double lossAt(
            LocalModel local,
            ParameterVector at,
            NDArray direction,
            float step,
            NDArray features,
            UnaryOperator<NDArray> loss) {
        local.load(at);
        local.parameters().trainable().addi(direction.mul(step));
        double value = local.gradient(features, loss).losses().mean().getFloat();
        local.load(at);
        return value;
    }

    @Test
    void normalisesGroupsLikeTheDefinition() {
        try (FederatedModel model = new FederatedModel(task(new Shape(4, 2, 2), new Layer.GroupNorm(2)));
                LocalModel local = new LocalModel(model, Device.cpu())) {
            local.load(model.initial(new Seed(1), manager));
            NDArray normal =
                    local.predict(random(new Seed(2), new Shape(3, 4, 2, 2))).reshape(3, 2, 8);
            for (float mean : normal.mean(new int[] {2}).toFloatArray()) {
                assertThat(mean).isCloseTo(0, within(1e-5f));
            }
            for (float square : normal.square().mean(new int[] {2}).toFloatArray()) {
                assertThat(square).isCloseTo(1, within(1e-3f));
            }
        }
    }

    @Test
    void updatesRunningStatisticsWhileTrainingAndUsesThemAfterwards() {
        try (FederatedModel model = new FederatedModel(task(new Shape(1, 2, 2), new Layer.BatchNorm()));
                LocalModel local = new LocalModel(model, Device.cpu())) {
            local.load(model.initial(new Seed(1), manager));
            NDArray features = manager.ones(new Shape(4, 1, 2, 2)).mul(3);
            local.gradient(features, predictions -> predictions.flatten());
            assertThat(local.parameters().floatBuffers().orElseThrow().toFloatArray())
                    .usingComparatorWithPrecision(1e-6f)
                    .containsExactly(.3f, .9f);
            assertThat(local.predict(features).getFloat(0, 0, 0, 0))
                    .isCloseTo((float) (2.7 / Math.sqrt(.9 + 1e-5)), within(1e-4f));
        }
    }

    @Test
    void dropsOutByTheSeedWhileTrainingOnly() {
        try (FederatedModel model = new FederatedModel(task(new Shape(1000), new Layer.Dropout(.25)));
                LocalModel local = new LocalModel(model, Device.cpu())) {
            NDArray ones = manager.ones(new Shape(10, 1000));
            assertThat(local.predict(ones).toFloatArray()).containsOnly(1);
            NDArray first = DropoutMasks.draw(local, new Shape(10, 1000), .25);
            assertThat(first.toFloatArray()).containsOnly(0, 1 / .75f);
            // 10,000 draws with p = 0.25: standard deviation 43, six of them allowed
            assertThat(first.eq(0).sum().getLong()).isCloseTo(2500, within(260L));
            local.seed(new Seed(5));
            float[] masked = DropoutMasks.draw(local, new Shape(100), .5).toFloatArray();
            local.seed(new Seed(5));
            assertThat(DropoutMasks.draw(local, new Shape(100), .5).toFloatArray())
                    .containsExactly(masked);
        }
    }

    @Test
    void refusesDropoutWithoutASeed() {
        Block network = Network.of(new Layer.Dropout(.5)).get();
        assertThatThrownBy(() -> network.forward(
                        new ParameterStore(manager, false), new NDList(manager.ones(new Shape(1))), true))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("parameter store must be a LocalModel's");
    }

    @Test
    void drawsInitialWeightsFromTheSeedWithinTheirBounds() {
        try (FederatedModel model = new FederatedModel(Models.mnist2nn())) {
            ParameterVector first = model.initial(new Seed(1), manager);
            assertThat(model.initial(new Seed(1), manager).sha256()).isEqualTo(first.sha256());
            assertThat(model.initial(new Seed(2), manager).sha256()).isNotEqualTo(first.sha256());
            ParameterLayout.Entry weight = model.layout().parameters().get(0);
            assertThat(weight.shape()).containsExactly(200L, 784L);
            assertThat(first.parameter(weight).abs().max().getFloat()).isBetween(.99f / 28, 1f / 28);
            ParameterLayout.Entry bias = model.layout().parameters().get(1);
            assertThat(first.parameter(bias).abs().max().getFloat()).isBetween(.9f / 28, 1f / 28);
        }
    }

    @Test
    void startsFromAPretrainedBlocksValuesAndKeepsFrozenOnesOutOfTraining() {
        Block block = Network.of(new Layer.Dense(2)).get();
        block.setInitializer(Initializer.ONES, parameter -> true);
        block.initialize(manager, DataType.FLOAT32, new Shape(1, 3));
        block.getParameters().get(1).getValue().freeze(true);
        LearningTask task = LearningTask.classification(() -> block, new Shape(3));
        try (FederatedModel model = new FederatedModel(task)) {
            assertThat(values(model.initial(new Seed(1), manager))).containsOnly(1);
            assertThat(model.layout().parameters())
                    .extracting(ParameterLayout.Entry::role)
                    .containsExactly(ParameterRole.TRAINABLE);
            assertThat(model.frozen(Device.cpu())).hasSize(1);
        }
    }

    @Test
    void evaluatesEveryExampleOnceWhateverTheBatch() {
        int count = 2345;
        try (FederatedModel model = new FederatedModel(task(new Shape(4), new Layer.Dense(3)));
                LocalModel local = new LocalModel(model, Device.cpu());
                NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            local.load(model.initial(new Seed(1), manager));
            long[] labels = IntStream.range(0, count).mapToLong(i -> i % 3).toArray();
            Examples examples = new Examples(random(new Seed(3), new Shape(count, 4)), Tensors.create(manager, labels));
            var metrics = local.evaluate(examples, "test");
            assertThat(metrics.values().get("test/loss").weight()).isEqualTo(count);
            NDArray predictions = local.predict(examples.features());
            double loss = ExampleMeasure.crossEntropy()
                    .perExample(predictions, examples.labels())
                    .mean()
                    .getFloat();
            assertThat(metrics.value("test/loss")).isCloseTo(loss, within(1e-5));
            double accuracy = ExampleMeasure.accuracy()
                    .perExample(predictions, examples.labels())
                    .mean()
                    .getFloat();
            assertThat(metrics.value("test/accuracy")).isCloseTo(accuracy, within(1e-6));
        }
    }

    /** By hand: softmax of (0, ln 3) is (1/4, 3/4). */
    @Test
    void measuresCrossEntropyAndSquaredError() {
        NDArray logits = Tensors.create(manager, new float[] {0, (float) Math.log(3)}, new Shape(1, 2));
        NDArray label = Tensors.create(manager, new long[] {0});
        assertThat(ExampleMeasure.crossEntropy().perExample(logits, label).getFloat(0))
                .isCloseTo((float) Math.log(4), within(1e-6f));
        NDArray target = Tensors.create(manager, new float[] {1, 0}, new Shape(1, 2));
        NDArray output = Tensors.create(manager, new float[] {3, 4}, new Shape(1, 2));
        assertThat(ExampleMeasure.squaredError().perExample(output, target).getFloat(0))
                .isEqualTo(10);
    }

    @Test
    void countsLabelsAmongTheLargestLogits() {
        NDArray logits = Tensors.create(manager, new float[] {3, 1, 2, 0, 0, 1, 2, 3}, new Shape(2, 4));
        NDArray labels = Tensors.create(manager, new long[] {2, 0});
        assertThat(ExampleMeasure.topK(1).perExample(logits, labels).toFloatArray())
                .containsExactly(0, 0);
        assertThat(ExampleMeasure.topK(2).perExample(logits, labels).toFloatArray())
                .containsExactly(1, 0);
        assertThat(ExampleMeasure.topK(3).perExample(logits, labels).toFloatArray())
                .containsExactly(1, 0);
        assertThat(ExampleMeasure.topK(9).perExample(logits, labels).toFloatArray())
                .as("all four")
                .containsExactly(1, 1);
        assertThatThrownBy(() -> ExampleMeasure.topK(0)).hasMessage("k must be at least 1, but was 0");
    }
}
