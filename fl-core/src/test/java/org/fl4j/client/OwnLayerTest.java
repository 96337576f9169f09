package org.fl4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.FederatedDataset;
import org.fl4j.data.Partitioners;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Ticket;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.ExampleForm;
import org.fl4j.model.FederatedModel;
import org.fl4j.model.Layer;
import org.fl4j.model.LearningTask;
import org.fl4j.model.Network;
import org.fl4j.model.TrainingProgram;
import org.fl4j.random.Seed;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.Slice;
import org.fl4j.tensor.internal.LayerPass;
import org.fl4j.tensor.internal.LayerWriter;
import org.fl4j.testing.TensorTest;
import org.fl4j.testing.TestClientStates;
import org.junit.jupiter.api.Test;

/** A layer of one's own, in another package: each feature times a factor that is trained. */
class OwnLayerTest extends TensorTest {
    private static final ClientId CLIENT = new ClientId(0);
    private static final LocalTraining TRAINING = LocalTraining.sgd(.1).batchSize(8);

    private static final class ScaleBlock extends AbstractBlock {
        private final Parameter factors = addParameter(Parameter.builder()
                .setName("factors")
                .setType(Parameter.Type.GAMMA)
                .build());

        @Override
        protected void prepare(Shape[] inputShapes) {
            factors.setShape(new Shape(inputShapes[0].get(1)));
        }

        @Override
        protected NDList forwardInternal(
                ParameterStore store, NDList inputs, boolean training, PairList<String, Object> params) {
            NDArray input = inputs.singletonOrThrow();
            return new NDList(input.mul(store.getValue(factors, input.getDevice(), training)));
        }

        @Override
        public Shape[] getOutputShapes(Shape[] inputShapes) {
            return inputShapes;
        }
    }

    /** Has a block, and nothing else. */
    private record EagerScale() implements Layer {
        @Override
        public Block toBlock() {
            return new ScaleBlock();
        }

        @Override
        public ExampleForm output(ExampleForm input, String number) {
            return input.vector(name(number));
        }
    }

    /** The same with a compiled form, and of any width. */
    private record Scale() implements Layer {
        @Override
        public Block toBlock() {
            return new ScaleBlock();
        }

        @Override
        public ExampleForm output(ExampleForm input, String number) {
            return input.vector(name(number));
        }

        @Override
        public Optional<LayerPass> write(LayerWriter out, String input, boolean above) {
            String factors = out.parameter();
            String output = out.value("torch.mul(%s, %s)", input, factors);
            return Optional.of(new LayerPass(
                    output,
                    gradient -> {
                        String below = out.value("torch.mul(%s, %s)", gradient, factors);
                        if (out.trains()) {
                            String each = out.value("torch.mul(%s, %s)", gradient, input);
                            out.gradient(factors, out.value("torch.sum(%s, [0])", each));
                        }
                        return below;
                    },
                    above || out.trains()));
        }

        @Override
        public Layer sliced(Iterator<ParameterLayout.Entry> parameters) {
            parameters.next();
            return this;
        }
    }

    private static LearningTask task(Layer own) {
        return LearningTask.classification(
                Network.of(
                        new Layer.Flatten(),
                        new Layer.Dense(12),
                        own,
                        new Layer.Tanh(),
                        own.frozen(),
                        new Layer.Dense(10)),
                new Shape(1, 28, 28));
    }

    @Test
    void trainsOnBothPathsAlike() {
        try (Dataset digits = Digits.generate(40, 10, new Seed(1));
                FederatedModel model = new FederatedModel(task(new Scale()))) {
            FederatedDataset data =
                    digits.federated(Partitioners.iid().partition(digits.train().classIndices(), 1, new Seed(1)));
            try (Worker worker = new Worker(model, data, data, new TestClientStates(), Device.cpu())) {
                assertThat(model.program(
                                new TrainingProgram.Key(TRAINING.stepRule(false), Optional.empty(), Optional.empty()),
                                Device.cpu()))
                        .as("compiled path")
                        .isPresent();
                TrainingTask task =
                        new TrainingTask(new Ticket(CLIENT, 1, new Seed(3)), 0, model.initial(new Seed(1), manager));
                ModelUpdate compiled = new SgdClient(CLIENT, worker, TRAINING).train(task);
                ModelUpdate eager = new SgdClient(CLIENT, worker, TRAINING) {
                    @Override
                    protected NDArray losses(NDArray predictions, LocalBatch batch) { // without a compiled form
                        return super.losses(predictions, batch);
                    }
                }.train(task);
                assertThat(compiled.delta().minus(eager.delta(), manager).norm()
                                / eager.delta().norm())
                        .isLessThan(1e-5);
                assertThat(compiled.delta().layout().find("03ScaleBlock_factors"))
                        .isPresent();
            }
        }
    }

    @Test
    void trainsStepByStepWithoutACompiledForm() {
        try (FederatedModel model = new FederatedModel(task(new EagerScale()))) {
            assertThat(model.program(
                            new TrainingProgram.Key(TRAINING.stepRule(false), Optional.empty(), Optional.empty()),
                            Device.cpu()))
                    .isEmpty();
        }
    }

    @Test
    void isNamedWhereItDoesNotFit() {
        LearningTask unfit =
                LearningTask.classification(Network.of(new Scale(), new Layer.Dense(10)), new Shape(1, 28, 28));
        assertThatThrownBy(() -> new FederatedModel(unfit))
                .hasMessage("input of layer 1 (Scale) must be of shape (inputs) for each example, but was (1, 28, 28):"
                        + " put a Flatten layer before it");
    }

    @Test
    void maySayHowItIsSliced() {
        LearningTask sliced = LearningTask.classification(
                Network.of(new Layer.Flatten(), new Layer.Dense(12), new Scale(), new Layer.Dense(10)),
                new Shape(1, 28, 28));
        LearningTask fixed = LearningTask.classification(
                Network.of(new Layer.Flatten(), new Layer.Dense(12), new EagerScale(), new Layer.Dense(10)),
                new Shape(1, 28, 28));
        List<Slice.Axis> half = List.of(Slice.Axis.first(6));
        Slice slice = new Slice(Map.of(
                "02Linear_weight",
                List.of(Slice.Axis.first(6), Slice.Axis.whole()),
                "02Linear_bias",
                half,
                "03ScaleBlock_factors",
                half,
                "04Linear_weight",
                List.of(Slice.Axis.whole(), Slice.Axis.first(6))));
        try (FederatedModel model = new FederatedModel(sliced);
                FederatedModel other = new FederatedModel(fixed)) {
            assertThat(model.of(slice).layout()).isEqualTo(slice.of(model.layout()));
            assertThatThrownBy(() -> other.of(slice))
                    .hasMessage("layer of a slice must be one that can be made smaller, but was EagerScale[]");
        }
    }
}
