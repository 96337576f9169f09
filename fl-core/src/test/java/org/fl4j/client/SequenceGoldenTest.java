package org.fl4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.types.Shape;
import java.util.List;
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
import org.fl4j.model.ExampleMeasure;
import org.fl4j.model.FederatedModel;
import org.fl4j.model.Layer;
import org.fl4j.model.LearningTask;
import org.fl4j.model.Network;
import org.fl4j.model.SequenceLayer;
import org.fl4j.random.Seed;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Tensors;
import org.fl4j.testing.TensorTest;
import org.fl4j.testing.TestClientStates;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The update after three steps of gradient descent with rate .1 against PyTorch 2.15: nn.LSTM, nn.GRU, nn.LayerNorm
 * with nn.MultiheadAttention, and F.rms_norm with F.scaled_dot_product_attention. Parameter i is .4 sin(.7 i).
 */
class SequenceGoldenTest extends TensorTest {
    private static final int EXAMPLES = 5;
    private static final int POSITIONS = 6;
    private static final int TOKENS = 11;

    /** What PyTorch computes: the update's norm, the mean loss, and elements of the update, an eighth apart. */
    @SuppressWarnings("ArrayRecordComponent")
    record Golden(double norm, double loss, double... elements) {}

    private static LearningTask last(Layer recurrent) {
        return LearningTask.classification(
                Network.of(
                        new Layer.Embedding(TOKENS, 8),
                        recurrent,
                        new SequenceLayer.LastPosition(),
                        new Layer.Dense(TOKENS)),
                new Shape(POSITIONS));
    }

    static Stream<Arguments> cases() {
        SequenceLayer norm = new SequenceLayer.TimeDistributed(new Layer.LayerNorm());
        SequenceLayer heads = new SequenceLayer.TimeDistributed(new Layer.Dense(TOKENS));
        Layer attention = new Layer.Residual(List.of(norm, SequenceLayer.SelfAttention.causal(2)), List.of());
        Layer mixing = new Layer.Residual(
                List.of(new SequenceLayer.TimeDistributed(
                        new Layer.LayerNorm(), new Layer.Dense(12), new Layer.Gelu(), new Layer.Dense(8))),
                List.of());
        Layer rotary = new Layer.Residual(
                List.of(
                        new SequenceLayer.RmsNorm(),
                        SequenceLayer.SelfAttention.causal(2).withRotaryPositions()),
                List.of());
        Layer gated = new Layer.Residual(
                List.of(new SequenceLayer.RmsNorm(), new SequenceLayer.TimeDistributed(new SequenceLayer.SwiGlu(9))),
                List.of());
        return Stream.of(
                Arguments.of(
                        "LSTM",
                        last(new SequenceLayer.Lstm(7)),
                        new Golden(
                                0.14459333684628545,
                                2.515311320622762,
                                0.001531502,
                                -0.0013670661,
                                -0.00020286441,
                                0.00079613924,
                                0.00015628338,
                                0.00022232533,
                                -0.0012200251,
                                -0.00027789641)),
                Arguments.of(
                        "GRU",
                        last(new SequenceLayer.Gru(7)),
                        new Golden(
                                0.15148772068404062,
                                2.3523689111073813,
                                -0.0080203107,
                                0.0024845302,
                                -0.00017473102,
                                0.0019781888,
                                0.00024282932,
                                0.00046105683,
                                0.00080922991,
                                -0.006048575)),
                Arguments.of(
                        "transformer",
                        LearningTask.sequence(
                                Network.of(
                                        new Layer.Embedding(TOKENS, 8),
                                        new SequenceLayer.PositionalEmbedding(),
                                        attention,
                                        mixing,
                                        norm,
                                        heads),
                                new Shape(POSITIONS)),
                        new Golden(
                                0.08903807364230752,
                                2.4297423362731934,
                                0.00073466136,
                                0.00021532178,
                                6.2584877e-07,
                                0.00020924211,
                                -0.0026037693,
                                4.7087669e-06,
                                -0.00026960671,
                                -0.0023627281)),
                Arguments.of(
                        "rotary positions and gates",
                        LearningTask.sequence(
                                Network.of(new Layer.Embedding(TOKENS, 8), rotary, gated, heads), new Shape(POSITIONS)),
                        new Golden(
                                0.2041579821610311,
                                2.5974427858988443,
                                0.0014354563,
                                0.0035355389,
                                0.00045713782,
                                0.00063142926,
                                -0.0012651682,
                                -8.2314014e-05,
                                -9.983778e-07,
                                0.0072727501)));
    }

    private FederatedDataset data(boolean eachPosition) {
        long[] tokens = IntStream.range(0, EXAMPLES * POSITIONS)
                .mapToLong(i -> i * 7L % TOKENS)
                .toArray();
        long[] labels = eachPosition
                ? IntStream.range(0, EXAMPLES * POSITIONS)
                        .mapToLong(i -> i < 3 ? ExampleMeasure.NO_LABEL : i * 5L % TOKENS)
                        .toArray()
                : IntStream.range(0, EXAMPLES).mapToLong(i -> i * 3L % TOKENS).toArray();
        Examples examples = new Examples(
                Tensors.create(manager, tokens).reshape(EXAMPLES, POSITIONS),
                Tensors.create(manager, labels)
                        .reshape(eachPosition ? new Shape(EXAMPLES, POSITIONS) : new Shape(EXAMPLES)));
        return new PartitionedDataset(
                examples, Partition.of(List.of(IntStream.range(0, EXAMPLES).toArray())));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void updatesAreThoseOfPyTorch(String name, LearningTask task, Golden golden) {
        FederatedDataset data = data(task.loss() instanceof ExampleMeasure.TokenCrossEntropy);
        try (FederatedModel model = new FederatedModel(task);
                Worker worker = new Worker(model, data, data, new TestClientStates(), Device.cpu())) {
            ParameterVector start = model.initial(new Seed(1), manager);
            int count = Math.toIntExact(start.floats().size());
            float[] values = new float[count];
            for (int i = 0; i < count; i++) {
                values[i] = (float) (.4 * Math.sin(.7 * i));
            }
            start.floats().set(values);
            TrainingTask sent = new TrainingTask(new Ticket(new ClientId(0), 1, new Seed(3)), 0, start);
            LocalTraining training = LocalTraining.sgd(.1).fullBatch().epochs(3);
            ModelUpdate update = new SgdClient(new ClientId(0), worker, training).train(sent);
            assertThat(update.delta().norm()).isCloseTo(golden.norm(), within(1e-5 * golden.norm()));
            assertThat(update.metrics().value("train/loss")).isCloseTo(golden.loss(), within(1e-5));
            float[] delta = update.delta().floats().toFloatArray();
            for (int i = 0; i < golden.elements().length; i++) {
                assertThat((double) delta[i * count / golden.elements().length])
                        .as("element " + i)
                        .isCloseTo(golden.elements()[i], within(1e-5 * golden.norm()));
            }
        }
    }
}
