package org.fl4j.client;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
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
import org.fl4j.model.LocalModel;
import org.fl4j.model.LossTensors;
import org.fl4j.model.Network;
import org.fl4j.model.SequenceLayer;
import org.fl4j.model.TrainingProgram;
import org.fl4j.random.Seed;
import org.fl4j.tensor.Tensors;
import org.fl4j.tensor.internal.StepRule;
import org.fl4j.testing.TensorTest;
import org.fl4j.testing.TestClientStates;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Layers for sequences: the compiled path against the eager one, which is the reference. */
class SequencePathsTest extends TensorTest {
    private static final ClientId CLIENT = new ClientId(0);
    private static final int EXAMPLES = 13; // so that the last batch is smaller
    private static final int POSITIONS = 6;
    private static final int TOKENS = 11;
    private static final LocalTraining SGD = LocalTraining.sgd(.1).batchSize(5).epochs(2);

    private static LearningTask last(Layer... layers) {
        return LearningTask.classification(Network.of(layers), new Shape(POSITIONS));
    }

    private static LearningTask each(Layer... layers) {
        return LearningTask.sequence(Network.of(layers), new Shape(POSITIONS));
    }

    private static Layer heads() {
        return new SequenceLayer.TimeDistributed(new Layer.Dense(TOKENS));
    }

    private static Layer residual(Layer... body) {
        return new Layer.Residual(List.of(body), List.of());
    }

    static Stream<Arguments> cases() {
        Layer.Embedding embedding = new Layer.Embedding(TOKENS, 8);
        SequenceLayer norm = new SequenceLayer.TimeDistributed(new Layer.LayerNorm());
        LearningTask lstm = last(
                embedding,
                new SequenceLayer.Lstm(7),
                new SequenceLayer.Lstm(5),
                new SequenceLayer.LastPosition(),
                new Layer.Dense(TOKENS));
        LearningTask gpt = each(
                embedding,
                new SequenceLayer.PositionalEmbedding(),
                new Layer.Dropout(.25),
                residual(norm, SequenceLayer.SelfAttention.causal(2)),
                residual(new SequenceLayer.TimeDistributed(
                        new Layer.LayerNorm(), new Layer.Dense(12), new Layer.Gelu(), new Layer.Dense(8))),
                norm,
                heads());
        LearningTask llama = each(
                embedding,
                residual(
                        new SequenceLayer.RmsNorm(),
                        SequenceLayer.SelfAttention.causal(2).withRotaryPositions()),
                residual(new SequenceLayer.RmsNorm(), new SequenceLayer.TimeDistributed(new SequenceLayer.SwiGlu(9))),
                new SequenceLayer.RmsNorm(),
                heads());
        return Stream.of(
                Arguments.of("LSTM", lstm, SGD),
                Arguments.of("LSTM with Adam", lstm, LocalTraining.adam(.01).batchSize(5)),
                Arguments.of("LSTM, clipping", lstm, SGD.gradientClip(.1).proximalTerm(.1)),
                Arguments.of("LSTM, each position", each(embedding, new SequenceLayer.Lstm(7), heads()), SGD),
                Arguments.of(
                        "GRU",
                        last(
                                embedding,
                                new SequenceLayer.Gru(7),
                                new SequenceLayer.Gru(5),
                                new SequenceLayer.LastPosition(),
                                new Layer.Dense(TOKENS)),
                        SGD),
                Arguments.of(
                        "GRU with momentum",
                        each(embedding, new SequenceLayer.Gru(7), heads()),
                        SGD.optimizer(new ClientOptimizer.Sgd(.9, .01))),
                Arguments.of(
                        "attention to all positions",
                        last(
                                embedding,
                                new SequenceLayer.SelfAttention(4),
                                new SequenceLayer.LastPosition(),
                                new Layer.Dense(TOKENS)),
                        SGD),
                Arguments.of("transformer", gpt, SGD),
                Arguments.of( // keys' biases have no gradient: a small epsilon would divide rounding by rounding
                        "transformer with Adam",
                        gpt,
                        SGD.optimizer(new ClientOptimizer.Adam(.9, .999, /* epsilon= */ .01, 0))),
                Arguments.of("rotary positions and gates", llama, SGD),
                Arguments.of(
                        "frozen layers",
                        each(
                                embedding.frozen(),
                                new SequenceLayer.Lstm(8).frozen(),
                                residual(new SequenceLayer.SelfAttention(2).frozen(), new SequenceLayer.Gru(8)),
                                new SequenceLayer.Gru(8).frozen(),
                                new SequenceLayer.RmsNorm().frozen(),
                                new SequenceLayer.TimeDistributed(new SequenceLayer.SwiGlu(4)).frozen(),
                                new SequenceLayer.PositionalEmbedding().frozen(),
                                heads()),
                        SGD));
    }

    private FederatedDataset data(boolean eachPosition) {
        RandomGenerator random = new Seed(3).generator();
        long[] tokens = random.longs(EXAMPLES * POSITIONS, 0, TOKENS).toArray();
        long[] labels = random.longs(eachPosition ? EXAMPLES * POSITIONS : EXAMPLES, 0, TOKENS)
                .toArray();
        for (int i = 0; eachPosition && i < labels.length; i += 4) {
            labels[i] = ExampleMeasure.NO_LABEL;
        }
        for (int i = 0; eachPosition && i < POSITIONS; i++) {
            labels[i] = ExampleMeasure.NO_LABEL; // of the whole first example
        }
        Shape shape = eachPosition ? new Shape(EXAMPLES, POSITIONS) : new Shape(EXAMPLES);
        Examples examples = new Examples(
                Tensors.create(manager, tokens).reshape(EXAMPLES, POSITIONS),
                Tensors.create(manager, labels).reshape(shape));
        return new PartitionedDataset(
                examples, Partition.of(List.of(IntStream.range(0, EXAMPLES).toArray())));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void agree(String name, LearningTask task, LocalTraining training) {
        boolean eachPosition = task.loss() instanceof ExampleMeasure.TokenCrossEntropy;
        FederatedDataset data = data(eachPosition);
        try (FederatedModel model = new FederatedModel(task);
                Worker worker = new Worker(model, data, data, new TestClientStates(), Device.cpu())) {
            assertThat(model.program(
                            new TrainingProgram.Key(training.stepRule(false), Optional.empty(), Optional.empty()),
                            Device.cpu()))
                    .as("a compiled form")
                    .isPresent();
            TrainingTask sent =
                    new TrainingTask(new Ticket(CLIENT, 1, new Seed(3)), 0, model.initial(new Seed(1), manager));
            ModelUpdate compiled =
                    new SgdClient(CLIENT, worker, training).train(sent).keep(manager);
            ModelUpdate eager = new SgdClient(CLIENT, worker, training) {
                @Override
                protected NDArray losses(NDArray predictions, LocalBatch batch) { // without a compiled form
                    return super.losses(predictions, batch);
                }
            }.train(sent).keep(manager);
            assertThat(eager.delta().norm()).isPositive();
            assertThat(compiled.delta().minus(eager.delta(), manager).norm()
                            / eager.delta().norm())
                    .isLessThan(2e-5);
            assertThat(Math.abs(compiled.metrics().value("train/loss")
                                    / eager.metrics().value("train/loss")
                            - 1))
                    .isLessThan(1e-5);
        }
    }

    /** Other devices have the LSTM's loop over positions, where the CPU has oneDNN's; the loop runs on the CPU too. */
    @Test
    void lstmsOfOtherDevicesGiveTheSameGradients() {
        LearningTask task = last(
                new Layer.Embedding(TOKENS, 8),
                new SequenceLayer.Lstm(7),
                new SequenceLayer.Lstm(5),
                new SequenceLayer.LastPosition(),
                new Layer.Dense(TOKENS));
        FederatedDataset data = data(/* eachPosition= */ false);
        Examples examples = data.examples(CLIENT, Device.cpu()).source();
        try (FederatedModel model = new FederatedModel(task);
                LocalModel local = new LocalModel(model, Device.cpu())) {
            local.load(model.initial(new Seed(1), manager));
            NDArray parameters = local.parameters().trainable();
            NDArray rows = Tensors.create(manager, LongStream.range(0, EXAMPLES).toArray());
            List<NDArray> gradients = new ArrayList<>();
            for (Device device : List.of(Device.cpu(), Device.gpu())) {
                NDArray gradient = parameters.zerosLike();
                TrainingProgram.Key key =
                        new TrainingProgram.Key(StepRule.gradient(), Optional.empty(), Optional.empty());
                model.program(key, device)
                        .orElseThrow()
                        .gradient(
                                new TrainingProgram.Inputs(
                                        local,
                                        parameters,
                                        parameters,
                                        examples,
                                        rows,
                                        rows,
                                        LossTensors.none(),
                                        manager.create(new Shape(EXAMPLES)),
                                        /* rate= */ 0),
                                gradient,
                                0,
                                EXAMPLES);
                gradients.add(gradient);
            }
            assertThat(gradients.get(0).sub(gradients.get(1)).norm().getFloat()
                            / gradients.get(0).norm().getFloat())
                    .isLessThan(1e-5f);
        }
    }
}
