package org.fl4j.model;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Blocks;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.fl4j.client.LocalBatch;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.Worker;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.FederatedDataset;
import org.fl4j.data.Partition;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.TrainingTask;
import org.fl4j.random.Seed;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.testing.TensorTest;
import org.fl4j.testing.TestClientStates;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A batch of one example under batch normalisation, which divides by the number of examples less one. */
class SingleRowsTest extends TensorTest {
    private static final ClientId CLIENT = new ClientId(0);
    private static final LearningTask LAYERS = LearningTask.classification(
            Network.of(
                    new Layer.Flatten(),
                    new Layer.Dense(20),
                    new Layer.BatchNorm(),
                    new Layer.Relu(),
                    new Layer.Dense(10)),
            new Shape(1, 28, 28));
    private static final LearningTask BLOCKS = LearningTask.classification(
            () -> new SequentialBlock()
                    .add(Blocks.batchFlattenBlock())
                    .add(Linear.builder().setUnits(20).build())
                    .add(BatchNorm.builder().build())
                    .add(Linear.builder().setUnits(10).build()),
            new Shape(1, 28, 28));
    private static final LearningTask TORCH_SCRIPT = LearningTask.classification(
            new TorchScriptFile(Path.of("src/test/resources/torchscript/bn.pt")), new Shape(1, 28, 28));

    /** Examples of the client, batch size. */
    static Stream<Arguments> cases() {
        return Stream.of(LAYERS, BLOCKS, TORCH_SCRIPT)
                .flatMap(task ->
                        Stream.of(Arguments.of(task, 15, 7), Arguments.of(task, 1, 10), Arguments.of(task, 3, 1)));
    }

    private static SgdClient plain(Worker worker, LocalTraining training) {
        return new SgdClient(CLIENT, worker, training);
    }

    private static SgdClient eager(Worker worker, LocalTraining training) {
        return new SgdClient(CLIENT, worker, training) {
            @Override
            protected NDArray losses(NDArray predictions, LocalBatch batch) { // without a compiled form
                return super.losses(predictions, batch);
            }
        };
    }

    private ModelUpdate update(
            LearningTask task, int examples, int batch, BiFunction<Worker, LocalTraining, SgdClient> client) {
        try (Dataset digits = Digits.generate(20, 10, new Seed(1));
                FederatedModel model = new FederatedModel(task)) {
            FederatedDataset data = digits.federated(
                    Partition.of(List.of(IntStream.range(0, examples).toArray())));
            try (Worker worker = new Worker(model, data, data, new TestClientStates(), Device.cpu())) {
                ParameterVector start = model.initial(new Seed(1), manager);
                LocalTraining training = LocalTraining.sgd(.1).batchSize(batch);
                ModelUpdate update =
                        client.apply(worker, training).train(new TrainingTask(round().ticket(CLIENT), 0, start));
                return update.keep(manager);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void losesNoClient(LearningTask task, int examples, int batch) {
        ModelUpdate update = update(task, examples, batch, SingleRowsTest::plain);
        assertThat(update.delta().isFinite()).isTrue();
        assertThat(update.delta().norm()).isPositive();
        assertThat(update.localSteps()).isEqualTo((examples + batch - 1) / batch);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void bothPathsAgree(LearningTask task, int examples, int batch) {
        ModelUpdate compiled = update(task, examples, batch, SingleRowsTest::plain);
        ModelUpdate eager = update(task, examples, batch, SingleRowsTest::eager);
        assertThat(compiled.delta().minus(eager.delta(), manager).norm())
                .isLessThan(2e-5 * eager.delta().norm());
    }

    /** With one example for all steps, running statistics have nothing to be updated by. */
    @Test
    void leavesRunningStatisticsAsTheyAre() {
        ModelUpdate update = update(LAYERS, 3, 1, SingleRowsTest::plain);
        assertThat(update.delta().floatBuffers().orElseThrow().norm().getFloat())
                .isZero();
    }

    /** A convolution's batch of one image has many values for each channel. */
    @Test
    void oneImageHasStatisticsOfItsOwn() {
        LearningTask task = LearningTask.classification(
                Network.of(
                        new Layer.Conv2d(4, 3, 1, 1, true),
                        new Layer.BatchNorm(),
                        new Layer.GlobalAveragePool2d(),
                        new Layer.Dense(10)),
                new Shape(1, 28, 28));
        ModelUpdate update = update(task, 1, 1, SingleRowsTest::plain);
        assertThat(update.delta().floatBuffers().orElseThrow().norm().getFloat())
                .isPositive();
    }
}
