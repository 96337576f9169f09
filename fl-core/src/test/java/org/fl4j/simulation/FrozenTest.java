package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.training.ParameterStore;
import ai.djl.training.initializer.Initializer;
import ai.djl.util.PairList;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.fl4j.data.Dataset;
import org.fl4j.message.ServerState;
import org.fl4j.model.FederatedModel;
import org.fl4j.model.FrozenBlock;
import org.fl4j.model.Layer;
import org.fl4j.model.LearningTask;
import org.fl4j.model.LocalModel;
import org.fl4j.model.Network;
import org.fl4j.random.Seed;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterRole;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Parameters that nothing changes, and that do not travel. */
class FrozenTest extends TensorTest {
    private static final Shape IMAGE = new Shape(1, 28, 28);
    private static final int UNITS = 30;
    private static final long TRAINED = UNITS * 20 + 20 + 20 * 10 + 10; // of the second layer and the third
    private static Dataset digits;

    @TempDir
    Path directory;

    @BeforeAll
    static void generate() {
        digits = Fixtures.digits();
    }

    @AfterAll
    static void free() {
        digits.close();
    }

    private static LearningTask network(Layer... layers) {
        return LearningTask.classification(Network.of(layers), IMAGE);
    }

    /** A network of two hidden layers, of which the first is frozen. */
    private static LearningTask twoHidden(long seed) {
        return network(
                new Layer.Flatten(),
                new Layer.Frozen(new Layer.Dense(UNITS), seed),
                new Layer.Relu(),
                new Layer.Dense(20),
                new Layer.Relu(),
                new Layer.Dense(10));
    }

    private static SimulationBuilder run(LearningTask task) {
        return Fixtures.softmaxRun(digits).task(task);
    }

    private static String state(SimulationBuilder run) {
        try (RunResult result = run.build().run()) {
            return result.stateSha256();
        }
    }

    @Test
    void whatIsFrozenDoesNotTravel() {
        try (RunResult result = run(twoHidden(0)).rounds(10).build().run()) {
            assertThat(result.state().model().layout().trainableCount()).isEqualTo(TRAINED);
            assertThat(result.state().model().layout().hasBuffers()).isFalse();
            assertThat(result.history()).allSatisfy(round -> {
                assertThat(round.bytesUp()).isEqualTo(5 * 4 * TRAINED);
                assertThat(round.bytesDown()).isEqualTo(5 * 4 * TRAINED);
            });
            assertThat(result.history().get(9).metrics().value("test/loss"))
                    .as("the rest learns")
                    .isLessThan(result.history().get(0).metrics().value("test/loss"));
        }
    }

    @Test
    void bitsFollowFromTheFrozenValuesAndNotFromTheWorkers() {
        String expected = state(run(twoHidden(0)).workers(1));
        assertThat(state(run(twoHidden(0)).workers(3))).isEqualTo(expected);
        assertThat(state(run(twoHidden(1)))).as("other values").isNotEqualTo(expected);
    }

    @Test
    void aResumeNeedsTheSameValues() {
        String expected = state(run(twoHidden(0)));
        SimulationBuilder stored = run(twoHidden(0)).checkpoints(directory, 1);
        stored.rounds(2).build().run().close();
        assertThatThrownBy(
                        () -> state(run(twoHidden(1)).checkpoints(directory, 1).resume(true)))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("frozen parameters was ");
        assertThat(state(stored.rounds(4).resume(true))).isEqualTo(expected);
        ServerState latest = Checkpoint.load(Checkpoint.latest(directory).orElseThrow(), twoHidden(0), manager)
                .state();
        assertThat(latest.model().layout().floatCount()).isEqualTo(TRAINED);
    }

    /** An architecture whose frozen values are others each time, as those of a random initializer would be. */
    @Test
    void valuesMustBeTheSameEachTime() {
        AtomicLong made = new AtomicLong();
        Simulation simulation = run(LearningTask.classification(
                        () -> twoHidden(made.getAndIncrement()).architecture().get(), IMAGE))
                .build();
        assertThatThrownBy(simulation::run)
                .hasMessage("frozen parameters of an architecture must be the same each time it is made, but was others"
                        + " than when the run was built");
    }

    @Test
    void workersOfADeviceShareOneCopy() {
        try (FederatedModel model = new FederatedModel(twoHidden(0));
                LocalModel first = new LocalModel(model, Device.cpu());
                LocalModel second = new LocalModel(model, Device.cpu())) {
            assertThat(model.frozenByteCount()).isEqualTo(4 * (784 * UNITS + UNITS));
            assertThat(model.frozen(Device.cpu())).isSameAs(model.frozen(Device.cpu()));
            assertThat(first.parameters().layout().floatCount()).isEqualTo(TRAINED);
            NDArray images = manager.ones(new Shape(2, 1, 28, 28));
            ParameterVector start = model.initial(new Seed(1), manager);
            first.load(start);
            second.load(start);
            assertThat(second.predict(images).toFloatArray())
                    .containsExactly(first.predict(images).toFloatArray());
            model.frozen(Device.cpu()).values().forEach(array -> array.muli(0));
            assertThat(first.predict(images).toFloatArray())
                    .as("both read the copy")
                    .containsExactly(second.predict(images).toFloatArray());
        }
    }

    /** In training a frozen batch norm goes by its running statistics, mean 0 and variance 1, and leaves them. */
    @Test
    void frozenNormsInfer() {
        Layer dense = new Layer.Dense(UNITS).frozen();
        LearningTask with = network(
                new Layer.Flatten(), dense, new Layer.BatchNorm().frozen(), new Layer.Relu(), new Layer.Dense(10));
        LearningTask without = network(new Layer.Flatten(), dense, new Layer.Relu(), new Layer.Dense(10));
        try (FederatedModel model = new FederatedModel(with);
                FederatedModel plain = new FederatedModel(without);
                LocalModel local = new LocalModel(model, Device.cpu());
                LocalModel reference = new LocalModel(plain, Device.cpu())) {
            String before = model.frozenSha256().orElseThrow();
            NDArray start = model.initial(new Seed(1), manager).floats();
            local.load(new ParameterVector(model.layout(), start, Optional.empty()));
            reference.load(new ParameterVector(plain.layout(), start, Optional.empty()));
            NDArray images = digits.train().features().get("0:8");
            NDArray labels = digits.train().labels().get("0:8");
            LocalModel.Gradient gradient =
                    local.gradient(images, outputs -> with.loss().perExample(outputs, labels));
            LocalModel.Gradient expected =
                    reference.gradient(images, outputs -> without.loss().perExample(outputs, labels));
            assertThat(gradient.losses().toFloatArray())
                    .usingComparatorWithPrecision(1e-4f)
                    .containsExactly(expected.losses().toFloatArray());
            assertThat(gradient.gradient().toFloatArray())
                    .usingComparatorWithPrecision(1e-4f)
                    .containsExactly(expected.gradient().toFloatArray());
            assertThat(model.frozenSha256()).contains(before);
        }
    }

    @Test
    void aLayerIsFrozenOnce() {
        Layer frozen = new Layer.Dense(3).frozen();
        assertThat(frozen.frozen()).isSameAs(frozen);
        assertThatThrownBy(() -> new Layer.Frozen(frozen, 1))
                .hasMessageStartingWith("layer to freeze must be not frozen yet, but was Frozen[");
    }

    private static Block djl(Block body) {
        return new SequentialBlock()
                .add(ai.djl.nn.Blocks.batchFlattenBlock())
                .add(body)
                .add(Linear.builder().setUnits(10).build());
    }

    private List<ParameterRole> roles(FederatedModel model) {
        return model.layout().parameters().stream()
                .map(ParameterLayout.Entry::role)
                .toList();
    }

    @Test
    void blocksOfDjlAreFrozenToo() {
        LearningTask task = LearningTask.classification(
                () -> djl(new FrozenBlock(new SequentialBlock()
                        .add(Linear.builder().setUnits(UNITS).build())
                        .add(BatchNorm.builder().build()))),
                IMAGE);
        try (FederatedModel model = new FederatedModel(task)) {
            assertThat(roles(model)).containsExactly(ParameterRole.TRAINABLE, ParameterRole.TRAINABLE);
            assertThat(model.frozen(Device.cpu())).hasSize(6);
        }
        assertThat(state(run(task).workers(2))).isEqualTo(state(run(task).workers(1)));
    }

    /** DJL's would go on with its statistics, whatever is frozen. */
    @Test
    void aFrozenBatchNormOfDjlNeedsABlockThatInfers() {
        LearningTask task = LearningTask.classification(
                () -> {
                    Block norm = BatchNorm.builder().build();
                    norm.freezeParameters(true);
                    return djl(norm);
                },
                IMAGE);
        assertThatThrownBy(() -> run(task).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "BatchNorm of a network must be one that trains, or inside a FrozenBlock, where it goes by its"
                                + " running statistics, but was one whose scale and shift have no gradient");
    }

    /** A body with values of its own, and a head that is drawn from the run's seed. */
    @Test
    void pretrainedPartsKeepTheirValues() {
        LearningTask task = LearningTask.classification(
                () -> {
                    Block body = Linear.builder().setUnits(UNITS).build();
                    body.setInitializer(Initializer.ONES, parameter -> true);
                    body.initialize(manager, DataType.FLOAT32, new Shape(1, 784));
                    return djl(new FrozenBlock(body));
                },
                IMAGE);
        try (FederatedModel model = new FederatedModel(task)) {
            assertThat(model.frozen(Device.cpu()).values())
                    .allSatisfy(array -> assertThat(array.toFloatArray()).containsOnly(1));
            assertThat(values(model.initial(new Seed(1), manager)))
                    .isNotEqualTo(values(model.initial(new Seed(2), manager)));
        }
    }

    /** Multiplies by a mask of booleans, which is neither float nor int64. */
    private static final class Masked extends AbstractBlock {
        private final Parameter mask = addParameter(Parameter.builder()
                .setName("mask")
                .setType(Parameter.Type.OTHER)
                .optRequiresGrad(false)
                .build());

        Masked(NDArray values) {
            mask.setArray(values);
        }

        @Override
        protected NDList forwardInternal(
                ParameterStore store, NDList inputs, boolean training, PairList<String, Object> params) {
            NDArray input = inputs.singletonOrThrow();
            return new NDList(input.mul(
                    store.getValue(mask, input.getDevice(), training).toType(DataType.FLOAT32, /* copy= */ false)));
        }

        @Override
        public Shape[] getOutputShapes(Shape[] inputShapes) {
            return inputShapes;
        }
    }

    @Test
    void buffersOfOtherTypesAreCarriedUnchanged() {
        NDArray mask = manager.create(new boolean[784]).logicalNot();
        LearningTask task = LearningTask.classification(() -> djl(new Masked(mask)), IMAGE);
        try (FederatedModel model = new FederatedModel(task)) {
            assertThat(roles(model)).containsExactly(ParameterRole.TRAINABLE, ParameterRole.TRAINABLE);
            assertThat(model.frozen(Device.cpu()).values())
                    .extracting(NDArray::getDataType)
                    .containsExactly(DataType.BOOLEAN);
        }
        assertThat(state(run(task))).isEqualTo(state(run(task).workers(3)));
    }
}
