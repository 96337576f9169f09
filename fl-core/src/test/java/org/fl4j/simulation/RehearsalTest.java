package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.Dropout;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.fl4j.client.LocalBatch;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.data.Examples;
import org.fl4j.data.FederatedDataset;
import org.fl4j.data.Partition;
import org.fl4j.data.PartitionedDataset;
import org.fl4j.model.ExampleMeasure;
import org.fl4j.model.Layer;
import org.fl4j.model.LearningTask;
import org.fl4j.model.Network;
import org.fl4j.model.WeightInitializer;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;

/** What does not fit is found by {@code build()}, in words of the library. */
class RehearsalTest extends TensorTest {
    private static final Network MLP = Network.of(new Layer.Dense(4), new Layer.Relu(), new Layer.Dense(3));
    private static final Shape FIVE = new Shape(5);

    private SimulationBuilder run(LearningTask task, NDArray features, NDArray labels) {
        Examples examples = new Examples(features, labels);
        return run(task, new PartitionedDataset(examples, Partition.of(List.of(new int[] {0, 1}, new int[] {2, 3}))))
                .testData(examples);
    }

    private static SimulationBuilder run(LearningTask task, FederatedDataset data) {
        return Simulation.builder()
                .task(task)
                .data(data)
                .training(LocalTraining.sgd(.1))
                .selector(Fixtures.UNIFORM)
                .aggregator(Fixtures.MEAN)
                .cohortSize(2)
                .rounds(1)
                .workers(1);
    }

    private NDArray features(long... shape) {
        return manager.ones(new Shape(4).addAll(new Shape(shape)));
    }

    private NDArray labels(long... values) {
        return manager.create(values);
    }

    private static void refused(SimulationBuilder run, String message) {
        assertThatThrownBy(run::build)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    private static LearningTask classification(Network network) {
        return LearningTask.classification(network, FIVE);
    }

    @Test
    void acceptsWhatFits() {
        try (RunResult result = run(classification(MLP), features(5), labels(0, 1, 2, 0))
                .build()
                .run()) {
            assertThat(result.end()).isEqualTo(RunResult.End.COMPLETED);
        }
    }

    @Test
    void aForgottenFlatten() {
        refused(
                run(LearningTask.classification(MLP, new Shape(1, 5)), features(1, 5), labels(0, 1, 2, 0)),
                "input of layer 1 (Dense) must be of shape (inputs) for each example, but was (1, 5): put a"
                        + " Flatten layer"
                        + " before it");
        refused( // the task's shape would do, the data's does not
                run(classification(MLP), features(1, 5), labels(0, 1, 2, 0)),
                "test data: input of layer 1 (Dense) must be of shape (inputs) for each example, but was (1, 5): put a"
                        + " Flatten layer before it");
    }

    @Test
    void fewerOutputsThanClasses() {
        refused(
                run(classification(MLP), features(5), labels(0, 1, 2, 7)),
                "test data: outputs of the model must be at least 8, as the largest label is 7, but were 3");
        SimulationBuilder withoutTests =
                run(classification(MLP), features(5), labels(0, 1, 2, 7)).testData(null);
        refused(
                withoutTests,
                "training data: outputs of the model must be at least 8, as the largest label is 7, but were 3");
    }

    @Test
    void labelsThatAreNoClasses() {
        refused(
                run(classification(MLP), features(5), labels(0, -1, 2, 0)),
                "test data: labels must be at least 0, but the smallest is -1");
        refused(
                run(classification(MLP), features(5), manager.zeros(new Shape(4))),
                "test data: labels must be int64 of shape (n), but are float32 of shape (2)");
        refused(
                run(classification(MLP), features(5), labels(0, 1, 2, 0).reshape(4, 1)),
                "test data: labels must be int64 of shape (n), but are int64 of shape (2, 1)");
    }

    @Test
    void typesThatNoModelReads() {
        assertThatThrownBy(() -> new Examples(features(5), manager.zeros(new Shape(4), DataType.INT32)))
                .hasMessage("type of labels must be int64 for classes, or float32 for other targets, but was int32");
        assertThatThrownBy(() -> new Examples(features(5).toType(DataType.FLOAT64, true), labels(0, 1, 2, 0)))
                .hasMessage("type of features must be float32, or int64 for tokens, but was float64");
        assertThatThrownBy(() -> new Examples(manager.create(1f), labels(0)))
                .hasMessage("features and labels must be arrays with one row an example, but was scalars");
    }

    @Test
    void embeddings() {
        LearningTask task =
                classification(Network.of(new Layer.Embedding(6, 2), new Layer.Flatten(), new Layer.Dense(3)));
        NDArray tokens = features(5).toType(DataType.INT64, true);
        refused(
                run(task, features(5), labels(0, 1, 2, 0)),
                "test data: input of layer 1 (Embedding) must be int64 tokens, but was float32");
        refused(run(task, tokens.mul(6), labels(0, 1, 2, 0)), "tokens of test data must be in [0, 5], but was [6, 6]");
        run(task, tokens, labels(0, 1, 2, 0)).build();
    }

    @Test
    void regression() {
        LearningTask task = LearningTask.regression(MLP, FIVE);
        run(task, features(5), manager.zeros(new Shape(4, 3))).build();
        refused(
                run(task, features(5), manager.zeros(new Shape(4))),
                "test data: labels must have as many values for each example as the model has outputs, 3, but have 1");
    }

    @Test
    void examplesOfAnotherSize() {
        refused(
                run(classification(MLP), features(6), labels(0, 1, 2, 0)),
                "size of an example of test data must be the task's, 5, but was 6");
    }

    /** Measures of the user's own are looked at by their results. */
    @Test
    void measuresThatMixUpRowsOrThrow() {
        ExampleMeasure mean = (predictions, labels) -> predictions.mean();
        ExampleMeasure pairs = (predictions, labels) -> predictions
                .sum(new int[] {1})
                .expandDims(0)
                .eq(labels.expandDims(1))
                .toType(DataType.FLOAT32, false);
        ExampleMeasure throwing = (predictions, labels) -> {
            throw new IllegalStateException("no such thing");
        };
        refused(measured(mean), "metric of 2 examples must be float32 of shape (2), but was float32 of shape ()");
        refused(measured(pairs), "metric of 2 examples must be float32 of shape (2), but was float32 of shape (2, 2)");
        refused(
                measured(throwing),
                "test data: metric must accept features of type float32 and shape (2, 5) with labels of type int64 and"
                        + " shape (2), but no such thing");
        refused(
                measured((predictions, labels) -> null),
                "test data: metric must accept features of type float32 and shape"
                        + " (2, 5) with labels of type int64 and shape (2), but metric must not be null");
    }

    private SimulationBuilder measured(ExampleMeasure metric) {
        LearningTask task = new LearningTask(
                MLP, FIVE, ExampleMeasure.crossEntropy(), Map.of("metric", metric), WeightInitializer.fanInUniform());
        return run(task, features(5), labels(0, 1, 2, 0));
    }

    /** Of a block of the user's own nothing is known but what it does. */
    @Test
    void blocksOfTheUsersOwn() {
        LearningTask task = LearningTask.classification(
                () -> new SequentialBlock()
                        .add(Linear.builder().setUnits(3).build())
                        .add(Blocks.batchFlattenBlock()),
                new Shape(2, 5));
        refused( // 2 x 3 outputs
                run(task, features(2, 5), labels(0, 1, 6, 0)),
                "test data: outputs of the model must be at least 7, as the largest label is 6, but were 6");
        refused(
                run(task, features(5, 2), labels(0, 1, 2, 0)),
                "test data: model must accept features of type float32 and shape (2, 5, 2) with labels of type"
                        + " int64 and"
                        + " shape (2), but mat1 and mat2 shapes cannot be multiplied (10x2 and 5x3)");
    }

    private static Block withBlock(Block inner) {
        return new SequentialBlock()
                .add(Linear.builder().setUnits(40).build())
                .add(inner)
                .add(Linear.builder().setUnits(3).build());
    }

    /** DJL's Dropout draws from a generator that all threads share. */
    @Test
    void randomnessThatNoSeedRepeats() {
        LearningTask task =
                LearningTask.classification(() -> withBlock(Dropout.builder().build()), FIVE);
        refused(
                run(task, features(5), labels(0, 1, 2, 0)),
                "model must give one answer to one batch in training mode, but gave two: random operations of"
                        + " the engine, such"
                        + " as DJL's Dropout, are repeated by no seed; Layer.Dropout is");
        LearningTask repeated = LearningTask.classification(() -> withBlock(new Layer.Dropout(.5).toBlock()), FIVE);
        run(repeated, features(5), labels(0, 1, 2, 0)).build();
    }

    /** A network that remembers batches would make a client's update depend on the clients before it. */
    @Test
    void memoryFromBatchToBatch() {
        AtomicInteger batches = new AtomicInteger();
        LearningTask task = LearningTask.classification(
                () -> withBlock(new LambdaBlock(
                        list -> new NDList(list.singletonOrThrow().mul(batches.incrementAndGet())))),
                FIVE);
        assertThatThrownBy(() -> run(task, features(5), labels(0, 1, 2, 0)).build())
                .hasMessageStartingWith("model must give one answer to one batch in training mode, but gave two");
    }

    /** Whoever overrides the loss may have labels that the task's loss knows nothing of. */
    @Test
    void aLossOfTheClientsOwnReplacesTheTasks() {
        SimulationBuilder run = run(classification(MLP), features(5), manager.zeros(new Shape(4, 3)))
                .testData(null)
                .sgdClients((id, worker, training) -> new SgdClient(id, worker, training) {
                    @Override
                    protected NDArray losses(NDArray predictions, LocalBatch batch) {
                        return ExampleMeasure.squaredError().perExample(predictions, batch.labels());
                    }
                });
        try (RunResult result = run.build().run()) {
            assertThat(result.history().get(0).clients()).hasSize(2);
        }
        refused(
                run.clientEvaluation(
                        new PartitionedDataset(
                                new Examples(features(5), manager.zeros(new Shape(4, 3))),
                                Partition.of(List.of(new int[] {0}, new int[] {1}))),
                        1),
                "evaluation data of clients: labels must be int64 of shape (n), but are float32 of shape (2, 3)");
    }

    @Test
    void aDataSetThatWasClosed() {
        NDArray features = features(5);
        SimulationBuilder run = run(classification(MLP), features, labels(0, 1, 2, 0));
        features.close();
        assertThatThrownBy(run::build)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith(
                        "features of the examples must be open, but were closed. Arrays that are made while");
    }
}
