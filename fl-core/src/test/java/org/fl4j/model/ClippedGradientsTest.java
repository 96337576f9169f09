package org.fl4j.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.fl4j.data.Examples;
import org.fl4j.random.Seed;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.Tensors;
import org.fl4j.tensor.internal.LayerPass;
import org.fl4j.tensor.internal.LayerWriter;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Against the gradient of each example by itself, through autograd, clipped one by one. */
class ClippedGradientsTest extends TensorTest {
    private static final int EXAMPLES = 9;
    private static final int CLASSES = 5;
    private static final ClippedGradients.Clip ONE = new ClippedGradients.Clip(1, 1);
    private static final Shape IMAGE = new Shape(2, 8, 8);

    private static LearningTask network(Shape input, Layer... layers) {
        return LearningTask.classification(Network.of(layers), input);
    }

    static Stream<Arguments> tasks() {
        return Stream.of(
                Arguments.of("softmax regression", Models.softmaxRegression(IMAGE, CLASSES)),
                Arguments.of(
                        "dense layers",
                        network(
                                IMAGE,
                                new Layer.Flatten(),
                                new Layer.Dense(12),
                                new Layer.Relu().named("hidden"),
                                new Layer.Dense(8).frozen(),
                                new Layer.Tanh(),
                                new Layer.Dense(CLASSES))),
                Arguments.of(
                        "convolutions of many and of few windows",
                        network(
                                IMAGE,
                                new Layer.Conv2d(4, 3, 1, 1, true),
                                new Layer.Relu(),
                                new Layer.MaxPool2d(2),
                                new Layer.Conv2d(16, 3, 2, 1, true), // four windows, 576 weights
                                new Layer.Gelu(),
                                new Layer.Flatten(),
                                new Layer.Dense(CLASSES))),
                Arguments.of(
                        "residual layers and norms",
                        network(
                                IMAGE,
                                new Layer.Conv2d(8, 3, 1, 1, false),
                                new Layer.GroupNorm(4),
                                new Layer.Sigmoid(),
                                new Layer.Residual(
                                        List.of(new Layer.Conv2d(8, 3, 2, 1, true), new Layer.GroupNorm(2)),
                                        List.of(new Layer.Conv2d(8, 1, 2, 0, false))),
                                new Layer.AveragePool2d(2),
                                new Layer.Flatten(),
                                new Layer.LayerNorm(),
                                new Layer.Dense(CLASSES))),
                Arguments.of(
                        "norms behind few windows, far from zero",
                        network(
                                IMAGE,
                                new Layer.Conv2d(32, 5, 3, 0, false), // four windows, 1600 weights
                                new Layer.GroupNorm(1),
                                new Layer.Flatten(),
                                new Layer.Dense(CLASSES))),
                Arguments.of(
                        "pooling of all positions",
                        network(
                                IMAGE,
                                new Layer.Conv2d(6, 5, 1, 0, true),
                                new Layer.GlobalAveragePool2d(),
                                new Layer.Dense(CLASSES))),
                Arguments.of(
                        "dropout",
                        network(
                                IMAGE,
                                new Layer.Flatten(),
                                new Layer.Dense(12),
                                new Layer.Dropout(.5),
                                new Layer.Dense(CLASSES))),
                Arguments.of(
                        "tokens that come again",
                        network(
                                new Shape(7),
                                new Layer.Embedding(4, 6),
                                new Layer.Flatten(),
                                new Layer.Dense(CLASSES))),
                Arguments.of(
                        "regression",
                        LearningTask.regression(
                                Network.of(
                                        new Layer.Flatten(), new Layer.Dense(6), new Layer.Tanh(), new Layer.Dense(3)),
                                IMAGE)));
    }

    private Examples examples(LearningTask task, float offset) {
        boolean tokens = task.inputShape().dimension() == 1;
        Shape shape = new Shape(EXAMPLES).addAll(task.inputShape());
        NDArray features = tokens
                ? Tensors.create(
                                manager,
                                new Seed(1)
                                        .generator()
                                        .longs(shape.size(), 0, 4)
                                        .toArray())
                        .reshape(shape)
                : normal(shape, 5).add(offset);
        NDArray labels = task.metrics().isEmpty()
                ? normal(new Shape(EXAMPLES, 3), 4)
                : Tensors.create(
                        manager,
                        new Seed(2).generator().longs(EXAMPLES, 0, CLASSES).toArray());
        return new Examples(features, labels);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("tasks")
    void areThoseOfSingleExamples(String name, LearningTask task) {
        try (FederatedModel model = new FederatedModel(task);
                LocalModel local = new LocalModel(model, Device.cpu())) {
            local.load(model.initial(new Seed(1), manager));
            Examples examples = examples(task, name.endsWith("far from zero") ? 300 : 0);
            int[] rows = {3, 0, 8, 3, 5, 7};
            double tolerance = name.endsWith("far from zero") ? 2e-4 : 1e-5; // of autograd's float32 there
            double[] norms = new double[rows.length];
            local.seed(new Seed(9));
            NDArray[] gradients = new NDArray[rows.length];
            for (int i = 0; i < rows.length; i++) {
                Examples one = examples.rows(new int[] {rows[i]}, manager);
                gradients[i] = local.gradient(
                                one.features(), predictions -> task.loss().perExample(predictions, one.labels()))
                        .gradient();
                norms[i] = Kernels.norm(gradients[i]);
            }
            double[] sorted = norms.clone();
            Arrays.sort(sorted);
            double bound = (sorted[1] + sorted[4]) / 2; // so that some are clipped and others are not
            NDArray expected = gradients[0].zerosLike().addi(1);
            for (int i = 0; i < rows.length; i++) {
                Kernels.addScaled(expected, gradients[i], 2 * Math.min(1, bound / norms[i]));
            }
            NDArray sum = expected.zerosLike().addi(1); // what is there stays
            local.seed(new Seed(9)); // the same masks
            ClippedGradients.Result result = local.clippedGradients()
                    .orElseThrow()
                    .add(local, examples, rows, new ClippedGradients.Clip(bound, 2), sum);
            for (int i = 0; i < rows.length; i++) {
                assertThat((double) result.norms()[i]).isCloseTo(norms[i], within(tolerance * norms[i]));
            }
            assertThat(Kernels.distance(sum, expected) / Kernels.norm(expected.sub(1)))
                    .isLessThan(5e-5);
            if (name.equals("dropout")) {
                return; // its losses are those of training
            }
            NDArray losses = task.loss().perExample(local.predict(examples.features()), examples.labels());
            assertThat(result.losses()[0]).isCloseTo(losses.toFloatArray()[3], within(1e-5f));
        }
    }

    static Stream<Arguments> networks() {
        Layer[] fewWindows = {
            new Layer.Conv2d(32, 5, 3, 0, false), new Layer.GroupNorm(1), new Layer.Flatten(), new Layer.Dense(CLASSES)
        };
        Layer[] manyWindows = {
            new Layer.Conv2d(4, 3, 1, 1, false), new Layer.GroupNorm(2), new Layer.Flatten(), new Layer.Dense(CLASSES)
        };
        Layer[] alone = { // each filter's gradient adds up to 0 over the windows
            new Layer.Conv2d(64, 3, 2, 0, false),
            new Layer.GroupNorm(64).frozen(),
            new Layer.Flatten(),
            new Layer.Dense(CLASSES).frozen()
        };
        Layer[] aloneManyWindows = alone.clone();
        aloneManyWindows[0] = new Layer.Conv2d(4, 3, 1, 0, false);
        aloneManyWindows[1] = new Layer.GroupNorm(4).frozen();
        return Stream.of(
                Arguments.of("a convolution of many windows alone, far away", network(IMAGE, aloneManyWindows), 1000),
                Arguments.of("a convolution alone", network(IMAGE, alone), 0),
                Arguments.of("a convolution alone, far away", network(IMAGE, alone), 1000),
                Arguments.of("CNN", Models.mnistCnn(), 0),
                Arguments.of("few windows", network(IMAGE, fewWindows), 0),
                Arguments.of("few windows, pixels", network(IMAGE, fewWindows), 128),
                Arguments.of("few windows, far away", network(IMAGE, fewWindows), 1000),
                Arguments.of("many windows", network(IMAGE, manyWindows), 0),
                Arguments.of("many windows, pixels", network(IMAGE, manyWindows), 128),
                Arguments.of("many windows, far away", network(IMAGE, manyWindows), 1000));
    }

    private NDArray normal(Shape shape, int seed) {
        RandomGenerator random = new Seed(seed).generator();
        float[] values = new float[Math.toIntExact(shape.size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return Tensors.create(manager, values, shape);
    }

    /**
     * No single contribution is longer than the bound, by a norm that is summed in float64. Behind a normalisation,
     * gradients of a convolution nearly cancel over its windows, and features far from zero make much of the rest.
     */
    @ParameterizedTest(name = "{0}")
    @MethodSource("networks")
    void contributionsKeepTheBound(String name, LearningTask task, int offset) {
        for (int seed = 0; seed < 5; seed++) {
            assertContributionsKeepTheBound(name, task, offset, seed);
        }
    }

    private void assertContributionsKeepTheBound(String name, LearningTask task, int offset, int seed) {
        try (FederatedModel model = new FederatedModel(task);
                LocalModel local = new LocalModel(model, Device.cpu())) {
            local.load(model.initial(new Seed(1), manager));
            Examples examples = new Examples(
                    normal(new Shape(20).addAll(task.inputShape()), seed).mul(3).add(offset),
                    Tensors.create(manager, new long[20]));
            for (int row = 0; row < 20; row++) {
                try (NDScope scope = new NDScope()) {
                    scope.suppressNotUsedWarning();
                    NDArray sum = local.parameters().trainable().zerosLike();
                    local.clippedGradients()
                            .orElseThrow()
                            .add(local, examples, new int[] {row}, new ClippedGradients.Clip(.01, 1), sum);
                    assertThat(Kernels.norm(sum))
                            .as(name)
                            .isLessThanOrEqualTo(.01)
                            .isCloseTo(.01, within(1e-6));
                }
            }
        }
    }

    /** Examples that are not finite count as none, whatever is beside them in the batch. */
    @Test
    void examplesThatAreNotFiniteAddNothing() {
        LearningTask task = network(
                IMAGE,
                new Layer.Conv2d(4, 3, 1, 1, true),
                new Layer.Relu(),
                new Layer.Flatten(),
                new Layer.Dense(CLASSES));
        try (FederatedModel model = new FederatedModel(task);
                LocalModel local = new LocalModel(model, Device.cpu())) {
            local.load(model.initial(new Seed(1), manager));
            Examples examples = examples(task, /* offset= */ 0);
            examples.features().set(new NDIndex("2, 0, 3, 3"), Float.NaN);
            examples.features().set(new NDIndex("4, 1, 0, 0"), Float.POSITIVE_INFINITY);
            NDArray with = local.parameters().trainable().zerosLike();
            NDArray without = with.zerosLike();
            ClippedGradients program = local.clippedGradients().orElseThrow();
            ClippedGradients.Result result = program.add(local, examples, new int[] {0, 2, 1, 4}, ONE, with);
            program.add(local, examples, new int[] {0, 1}, ONE, without);
            assertThat(Kernels.isFinite(with)).isTrue();
            assertThat(Kernels.distance(with, without)).isLessThan(1e-5);
            assertThat(Float.isFinite(result.norms()[1])).isFalse();
            assertThat(Float.isFinite(result.norms()[3])).isFalse();
        }
    }

    /** Many examples are taken in parts. */
    @Test
    void partsOfALongListAddUp() {
        LearningTask task = network(
                IMAGE,
                new Layer.Conv2d(3, 3, 2, 1, true),
                new Layer.Relu(),
                new Layer.Flatten(),
                new Layer.Dense(CLASSES));
        try (FederatedModel model = new FederatedModel(task);
                LocalModel local = new LocalModel(model, Device.cpu())) {
            local.load(model.initial(new Seed(1), manager));
            Examples examples = examples(task, /* offset= */ 0);
            int[] rows = new int[300];
            for (int i = 0; i < rows.length; i++) {
                rows[i] = i % EXAMPLES;
            }
            NDArray sum = local.parameters().trainable().zerosLike();
            NDArray once = sum.zerosLike();
            ClippedGradients program = local.clippedGradients().orElseThrow();
            assertThat(program.add(local, examples, rows, ONE, sum).norms()).hasSize(300);
            program.add(local, examples, new int[] {0, 1, 2, 3, 4, 5, 6, 7, 8}, ONE, once);
            program.add(local, examples, new int[] {0, 1, 2}, ONE, once.muli(33));
            assertThat(Kernels.distance(sum, once) / Kernels.norm(once)).isLessThan(1e-5);
        }
    }

    /** A layer that nobody vouches for may mix examples. */
    @Test
    void thereIsNoneForOtherLayers() {
        Layer own = new Layer() {
            @Override
            public Block toBlock() {
                return new Layer.Relu().toBlock();
            }

            @Override
            public ExampleForm output(ExampleForm input, String number) {
                return input;
            }

            @Override
            public Optional<LayerPass> write(LayerWriter out, String input, boolean above) {
                return new Layer.Relu().write(out, input, above);
            }
        };
        for (Layer layer : List.of(own, new Layer.BatchNorm())) {
            try (FederatedModel model =
                    new FederatedModel(network(IMAGE, layer, new Layer.Flatten(), new Layer.Dense(CLASSES)))) {
                assertThat(model.clippedGradients()).isEmpty();
            }
        }
    }
}
