package org.fl4j.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.stream.Stream;
import org.fl4j.tensor.TensorEngine;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Shapes that follow from the layers, against those that DJL computes, and what each layer refuses. */
class LayerShapesTest extends TensorTest {
    private static final Shape IMAGE = new Shape(2, 9, 8);

    static Stream<Network> networks() {
        return Stream.of(
                Network.of(new Layer.Conv2d(4, 3, 2, 1, true), new Layer.Relu(), new Layer.MaxPool2d(2)),
                Network.of(new Layer.AveragePool2d(3), new Layer.BatchNorm(), new Layer.Flatten(), new Layer.Dense(7)),
                Network.of(
                        new Layer.Conv2d(4, 3, 1, 0, false), new Layer.GroupNorm(2), new Layer.GlobalAveragePool2d()),
                Network.of(
                        new Layer.Residual(
                                List.of(new Layer.Conv2d(6, 3, 2, 1, false), new Layer.BatchNorm()),
                                List.of(new Layer.Conv2d(6, 1, 2, 0, false))),
                        new Layer.Gelu()),
                Network.of(new Layer.Flatten(), new Layer.LayerNorm(), new Layer.Tanh(), new Layer.Dropout(.5)));
    }

    @ParameterizedTest
    @MethodSource("networks")
    void agreeWithTheNetwork(Network network) {
        LearningTask task = LearningTask.regression(network, IMAGE);
        try (FederatedModel model = new FederatedModel(task);
                LocalModel local = new LocalModel(model, Device.cpu())) {
            Shape output =
                    local.predict(manager.zeros(new Shape(3).addAll(IMAGE))).getShape();
            assertThat(LayerShapes.trace(network.layers(), IMAGE, DataType.FLOAT32)
                            .shape())
                    .isEqualTo(output.slice(1));
        }
    }

    static Stream<Network> sequences() {
        return Stream.of(
                Network.of(
                        new Layer.Embedding(9, 6),
                        new SequenceLayer.PositionalEmbedding(),
                        new SequenceLayer.Lstm(5),
                        new SequenceLayer.Gru(4),
                        new SequenceLayer.SelfAttention(2).withRotaryPositions(),
                        new SequenceLayer.RmsNorm(),
                        new SequenceLayer.TimeDistributed(new SequenceLayer.SwiGlu(7), new Layer.Dense(3)),
                        new SequenceLayer.LastPosition()),
                Network.of(
                        new Layer.Embedding(9, 6),
                        new SequenceLayer.TimeDistributed(new Layer.LayerNorm(), new Layer.Dense(3))));
    }

    @ParameterizedTest
    @MethodSource("sequences")
    void agreeWithTheNetworkOfASequence(Network network) {
        Shape tokens = new Shape(5);
        try (FederatedModel model = new FederatedModel(LearningTask.sequence(network, tokens));
                LocalModel local = new LocalModel(model, Device.cpu())) {
            Shape output = local.predict(manager.zeros(new Shape(3, 5), DataType.INT64))
                    .getShape();
            assertThat(LayerShapes.trace(network.layers(), tokens, DataType.INT64)
                            .shape())
                    .isEqualTo(output.slice(1));
        }
    }

    /** Evaluation takes as many examples at a time as the largest array allows, also one inside a layer. */
    @Test
    void knowTheLargestArrayInALayer() {
        Shape sequence = new Shape(50, 6);
        assertThat(largest(sequence, new SequenceLayer.Lstm(5))).isEqualTo(4 * 5 * 50);
        assertThat(largest(sequence, new SequenceLayer.Gru(5))).isEqualTo(3 * 5 * 50);
        assertThat(largest(sequence, new SequenceLayer.SelfAttention(2))).isEqualTo(2 * 50 * 50);
        assertThat(largest(new Shape(4, 6), new SequenceLayer.SelfAttention(2))).isEqualTo(3 * 6 * 4);
        assertThat(largest(sequence, new SequenceLayer.TimeDistributed(new SequenceLayer.SwiGlu(7))))
                .isEqualTo(50 * 14);
    }

    private static long largest(Shape example, Layer layer) {
        return LayerShapes.trace(List.of(layer), example, DataType.FLOAT32).largest();
    }

    @Test
    void sequencesNameTheLayerTheRuleAndTheValue() {
        assertThatThrownBy(() -> LayerShapes.trace(List.of(new SequenceLayer.Lstm(3)), IMAGE, DataType.FLOAT32))
                .hasMessage("input of layer 1 (Lstm) must be of shape (positions, features) for each example,"
                        + " but was (2, 9, 8)");
        assertThatThrownBy(() -> LayerShapes.trace(
                        List.of(new SequenceLayer.SelfAttention(3)), new Shape(5, 8), DataType.FLOAT32))
                .hasMessage("heads of layer 1 (SelfAttention) must be a divisor of its 8 features, but was 3");
        assertThatThrownBy(() -> LayerShapes.trace(
                        List.of(new SequenceLayer.SelfAttention(2).withRotaryPositions()),
                        new Shape(5, 6),
                        DataType.FLOAT32))
                .hasMessage("heads of layer 1 (SelfAttention) must be a divisor of its 6 features, with an even number"
                        + " of features for each, but was 2");
        assertThatThrownBy(() -> LayerShapes.trace(
                        List.of(new SequenceLayer.TimeDistributed(new Layer.Conv2d(1, 1, 1, 0, true))),
                        new Shape(5, 6),
                        DataType.FLOAT32))
                .hasMessage("input of layer 1.1 (Conv2d) must be of shape (channels, height, width) for each example,"
                        + " but was (6)");
        assertThatThrownBy(() -> new SequenceLayer.TimeDistributed(new Layer.Relu().named("x")))
                .hasMessageStartingWith("layers for each position must be without names: name what holds them");
        assertThat(DropoutMasks.areNested(List.of(new SequenceLayer.TimeDistributed(new Layer.Dropout(.5)))))
                .isTrue();
    }

    @Test
    void knowTheLargestArrayOnTheWay() {
        List<Layer> layers = List.of(new Layer.Conv2d(16, 3, 1, 1, true), new Layer.Flatten(), new Layer.Dense(10));
        assertThat(LayerShapes.trace(layers, IMAGE, DataType.FLOAT32).largest()).isEqualTo(16 * 9 * 8);
    }

    static Stream<Arguments> misfits() {
        return Stream.of(
                Arguments.of(
                        Network.of(new Layer.Dense(10)),
                        "input of layer 1 (Dense) must be of shape (inputs) for each example, but was (2, 9, 8): put a"
                                + " Flatten layer before it"),
                Arguments.of(
                        Network.of(new Layer.Relu(), new Layer.Conv2d(4, 11, 1, 1, true)),
                        "window of layer 2 (Conv2d) must be at most 10, as its input has the shape (2, 9, 8)"
                                + " and a padding"
                                + " of 1, but was 11"),
                Arguments.of(
                        Network.of(new Layer.MaxPool2d(9)),
                        "window of layer 1 (MaxPool2d) must be at most 8, as its input has the shape (2, 9, 8),"
                                + " but was 9"),
                Arguments.of(
                        Network.of(new Layer.Flatten(), new Layer.GlobalAveragePool2d()),
                        "input of layer 2 (GlobalAveragePool2d) must be of shape (channels, height, width) for"
                                + " each example,"
                                + " but was (144)"),
                Arguments.of(
                        Network.of(new Layer.GroupNorm(4)),
                        "groups of layer 1 (GroupNorm) must be a divisor of its 2 channels, but was 4"),
                Arguments.of(
                        Network.of(new Layer.Residual(List.of(new Layer.Conv2d(3, 1, 1, 0, true)), List.of())),
                        "outputs of the body and the shortcut of layer 1 (Residual) must be of one shape, but"
                                + " was (3, 9, 8)"
                                + " and (2, 9, 8)"),
                Arguments.of(
                        Network.of(new Layer.Residual(
                                List.of(new Layer.Relu(), new Layer.Dense(3)), List.of(new Layer.Flatten()))),
                        "input of layer 1.2 (Dense) must be of shape (inputs) for each example, but was (2, 9,"
                                + " 8): put a"
                                + " Flatten layer before it"),
                Arguments.of(
                        Network.of(new Layer.Relu(), new Layer.Embedding(10, 4)),
                        "input of layer 2 (Embedding) must be int64 tokens, but was float32"));
    }

    @ParameterizedTest
    @MethodSource("misfits")
    void nameTheLayerTheRuleAndTheValue(Network network, String message) {
        LearningTask task = LearningTask.classification(network, IMAGE);
        assertThatThrownBy(() -> new FederatedModel(task))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @Test
    void evaluationTakesFewerExamplesWhereArraysAreLarge() {
        LearningTask small = Models.mnistCnn();
        LearningTask large = LearningTask.classification(
                Network.of(new Layer.Conv2d(64, 3, 1, 1, true), new Layer.GlobalAveragePool2d(), new Layer.Dense(10)),
                new Shape(3, 224, 224));
        LearningTask unknown =
                LearningTask.classification(() -> large.architecture().get(), new Shape(3, 224, 224));
        LearningTask narrow = Models.softmaxRegression(new Shape(100), 10);
        assertThat(EvaluationBatch.rows(narrow, 1_010, /* onCpu= */ true)).isEqualTo(1000);
        // 2 MiB in arrays of 32 x 28 x 28 float32
        assertThat(EvaluationBatch.rows(small, 100_000, /* onCpu= */ true)).isEqualTo(20);
        // as many as the parameters, which are copied in each call
        assertThat(EvaluationBatch.rows(small, 2_508_800, /* onCpu= */ true)).isEqualTo(100);
        assertThat(EvaluationBatch.rows(small, 2_508_800, /* onCpu= */ false)).isEqualTo(1000);
        // 256 MiB in arrays of 64 x 224 x 224, and of 64 x 3 x 224 x 224
        assertThat(EvaluationBatch.rows(large, 10_000, /* onCpu= */ true)).isEqualTo(16);
        assertThat(EvaluationBatch.rows(large, 10_000, /* onCpu= */ false)).isEqualTo(20);
        assertThat(EvaluationBatch.rows(unknown, 10_000, /* onCpu= */ true)).isEqualTo(6);
    }

    @Test
    void aModelOfMoreThanTwoGibibytesIsRefused() {
        // DJL takes the memory before its size is known; zeros that nobody touches cost no pages
        LearningTask huge = LearningTask.classification(
                Network.of(new Layer.Flatten(), new Layer.Dense(55_000)), new Shape(10_000));
        TensorEngine.prepareThread();
        assertThatThrownBy(() -> new FederatedModel(huge))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "parameters of a model must be at most 536870911 float32 numbers (2 GiB), but were 550055000");
    }
}
