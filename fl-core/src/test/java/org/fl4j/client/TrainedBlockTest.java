package org.fl4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.fl4j.core.ClientDirectory;
import org.fl4j.data.ClientExamples;
import org.fl4j.data.Examples;
import org.fl4j.data.FederatedDataset;
import org.fl4j.expression.Expression;
import org.fl4j.message.ClientId;
import org.fl4j.message.Fact;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.message.Ticket;
import org.fl4j.message.TrainingFacts;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.BlockProgram;
import org.fl4j.model.FederatedModel;
import org.fl4j.model.Layer;
import org.fl4j.model.LearningTask;
import org.fl4j.model.LocalModel;
import org.fl4j.model.Models;
import org.fl4j.model.Network;
import org.fl4j.random.Seed;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Tensors;
import org.fl4j.testing.TensorTest;
import org.fl4j.testing.TestClientStates;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Clients that train in a block against the same clients one by one. */
class TrainedBlockTest extends TensorTest {
    private static final Shape IMAGE = new Shape(1, 4, 5);
    private static final int CLASSES = 4;
    private static final int[] COUNTS = {17, 5, 20, 1, 12, 0, 20}; // unequal, so that batches are filled up
    private static final LocalTraining SGD = LocalTraining.sgd(.05).batchSize(5).epochs(2);

    private static LearningTask network(Layer... layers) {
        return LearningTask.classification(Network.of(layers), IMAGE);
    }

    static Stream<Arguments> cases() {
        LearningTask softmax = Models.softmaxRegression(IMAGE, CLASSES);
        LearningTask deep = network(
                new Layer.Flatten(),
                new Layer.Dense(9),
                new Layer.Tanh().named("hidden"),
                new Layer.Dense(8),
                new Layer.Sigmoid(),
                new Layer.Dense(7),
                new Layer.Gelu(),
                new Layer.Dense(CLASSES));
        LearningTask rectified =
                network(new Layer.Flatten(), new Layer.Dense(9), new Layer.Relu(), new Layer.Dense(CLASSES));
        return Stream.of(
                Arguments.of("softmax regression", softmax, SGD),
                Arguments.of("four layers", deep, SGD),
                Arguments.of("rectified", rectified, SGD),
                Arguments.of("weight decay", deep, SGD.optimizer(new ClientOptimizer.Sgd(0, .01))),
                Arguments.of("momentum", deep, SGD.optimizer(new ClientOptimizer.Sgd(.9, .01))),
                Arguments.of("Adam", deep, LocalTraining.adam(.001).batchSize(5).epochs(2)),
                Arguments.of("gradient clipping", deep, SGD.gradientClip(.1)),
                Arguments.of("proximal term", deep, SGD.proximalTerm(.5)),
                Arguments.of("full batch", deep, SGD.fullBatch()),
                Arguments.of("seven steps", deep, SGD.steps(7)),
                Arguments.of(
                        "everything",
                        deep,
                        SGD.proximalTerm(.5).gradientClip(.3).optimizer(new ClientOptimizer.Adam(.8, .95, 1e-4, .01))),
                Arguments.of(
                        "regression",
                        LearningTask.regression(
                                Network.of(
                                        new Layer.Flatten(), new Layer.Dense(6), new Layer.Tanh(), new Layer.Dense(2)),
                                IMAGE),
                        SGD));
    }

    /** Each client has arrays of its own, or rows of common ones; the client of some index cannot be read. */
    private record Data(Examples all, boolean apart, int broken, List<Integer> firsts) implements FederatedDataset {
        @Override
        public ClientDirectory clients() {
            return ClientDirectory.ofRange(COUNTS.length, client -> COUNTS[client]);
        }

        @Override
        public ClientExamples examples(ClientId client, Device device) {
            if (client.index() == broken) {
                throw new IllegalStateException("disk of " + client);
            }
            int[] rows = IntStream.range(0, COUNTS[client.index()])
                    .map(row -> firsts.get(client.index()) + row)
                    .toArray();
            if (!apart) {
                return new ClientExamples(all, rows);
            }
            Examples own = all.rows(rows, all.features().getManager());
            return new ClientExamples(own, IntStream.range(0, rows.length).toArray());
        }

        @Override
        public String fingerprint() {
            return "test";
        }
    }

    private Data data(LearningTask task, boolean apart, int broken) {
        List<Integer> firsts = new ArrayList<>(List.of(0));
        for (int count : COUNTS) {
            firsts.add(firsts.get(firsts.size() - 1) + count);
        }
        int count = IntStream.of(COUNTS).sum();
        RandomGenerator random = new Seed(3).generator();
        Shape shape = new Shape(count).addAll(IMAGE);
        Examples all = new Examples(
                Tensors.create(manager, gaussian(random, (int) shape.size()), shape),
                task.metrics().isEmpty()
                        ? Tensors.create(manager, gaussian(random, 2 * count), new Shape(count, 2))
                        : Tensors.create(
                                manager, random.longs(count, 0, CLASSES).toArray()));
        return new Data(all, apart, broken, firsts);
    }

    private static float[] gaussian(RandomGenerator random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static List<TrainingTask> tasks(ParameterVector model, UnaryOperator<TrainingTask> change) {
        return IntStream.range(0, COUNTS.length)
                .mapToObj(client -> change.apply(
                        new TrainingTask(new Ticket(new ClientId(client), 1, new Seed(7).derive(client)), 0, model)))
                .toList();
    }

    private record Both(List<ModelUpdate> together, List<ModelUpdate> alone) {}

    private Both both(LearningTask task, LocalTraining training, Data data, UnaryOperator<TrainingTask> change) {
        return both(task, training, data, change, SgdClient::new);
    }

    private Both both(
            LearningTask task,
            LocalTraining training,
            Data data,
            UnaryOperator<TrainingTask> change,
            SgdClientFactory clients) {
        List<ModelUpdate> together = new ArrayList<>();
        List<ModelUpdate> alone = new ArrayList<>();
        try (FederatedModel model = new FederatedModel(task);
                Worker worker = new Worker(model, data, data, new TestClientStates(), Device.cpu())) {
            ParameterVector start = model.initial(new Seed(1), manager);
            List<TrainingTask> tasks = tasks(start, change);
            TrainedBlock block =
                    TrainedBlock.train(worker, client -> clients.create(client, worker, training), start, tasks);
            assertThat(block.members()).hasSize(COUNTS.length).allMatch(block::isFinite);
            block.members().forEach(member -> together.add(block.update(member, manager)));
            worker.taskEnded();
            for (TrainingTask sent : tasks) {
                alone.add(clients.create(sent.client(), worker, training)
                        .train(sent)
                        .keep(manager));
            }
            worker.taskEnded();
        }
        return new Both(together, alone);
    }

    private static void assertAlike(Both both) {
        for (int i = 0; i < COUNTS.length; i++) {
            ModelUpdate together = both.together().get(i);
            ModelUpdate alone = both.alone().get(i);
            assertThat(together.client()).isEqualTo(alone.client());
            assertThat(together.exampleCount()).isEqualTo(COUNTS[i]);
            assertThat(together.localSteps()).isEqualTo(alone.localSteps());
            double size = alone.delta().norm();
            assertThat(size > 0).isEqualTo(COUNTS[i] > 0);
            float[] expected = alone.delta().floats().toFloatArray();
            float[] found = together.delta().floats().toFloatArray();
            double squares = 0;
            for (int j = 0; j < expected.length; j++) {
                squares += Math.pow(found[j] - expected[j], 2);
            }
            assertThat(Math.sqrt(squares)).as("client " + i).isLessThanOrEqualTo(5e-5 * size);
            assertThat(together.facts().values().keySet())
                    .isEqualTo(alone.facts().values().keySet());
            for (Fact<Double> fact : List.of(
                    TrainingFacts.LOSS,
                    TrainingFacts.SQUARED_LOSS,
                    TrainingFacts.LAST_SQUARED_LOSS,
                    TrainingFacts.LEARNING_RATE)) {
                if (COUNTS[i] > 0) {
                    assertThat(together.facts().number(fact))
                            .as(fact.name())
                            .isCloseTo(alone.facts().number(fact), within(1e-5));
                }
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void agreeButForRounding(String name, LearningTask task, LocalTraining training) {
        assertAlike(both(task, training, data(task, /* apart= */ false, /* broken= */ -1), sent -> sent));
    }

    @Test
    void clientsMayHaveArraysOfTheirOwn() {
        LearningTask task = Models.softmaxRegression(IMAGE, CLASSES);
        Both common = both(task, SGD, data(task, /* apart= */ false, -1), sent -> sent);
        Both apart = both(task, SGD, data(task, /* apart= */ true, -1), sent -> sent);
        assertAlike(apart);
        for (int i = 0; i < COUNTS.length; i++) {
            assertThat(apart.together().get(i).sha256())
                    .isEqualTo(common.together().get(i).sha256());
        }
    }

    @Test
    void settingsOfATaskChangeBatchesAndSteps() {
        LearningTask task = Models.softmaxRegression(IMAGE, CLASSES);
        assertAlike(both(task, SGD, data(task, false, -1), sent -> switch (sent.client()
                .index()) {
            case 0 -> sent.withSettings(Map.of(LocalTraining.STEPS_SHARE, .3));
            case 2 -> sent.withSettings(Map.of(LocalTraining.BATCH_SIZE, 11.0));
            default -> sent;
        }));
    }

    /** Has all hooks that a block calls, with vectors of its own. */
    private static final class Hooked extends SgdClient {
        private static final Slot SLOT = Slot.ofClient("own");
        private String seen = "";

        Hooked(ClientId id, Worker worker, LocalTraining training) {
            super(id, worker, training);
        }

        private NDArray own(double scale) {
            NDArray parameters = worker().model().parameters().trainable();
            return parameters.mul(scale * (id().index() + 1));
        }

        @Override
        protected void beforeTraining(TrainingTask task, LocalModel model) {
            model.parameters().floats().addi(.01 * id().index());
            seen = "trains on " + examples().count();
        }

        @Override
        protected NDArray anchor(ParameterVector received) {
            return own(.1);
        }

        @Override
        protected Optional<NDArray> gradientCorrection(TrainingTask task) {
            return id().index() == 2 ? Optional.empty() : Optional.of(own(.3));
        }

        @Override
        protected void afterTraining(TrainingTask task, LocalModel model) {
            keep(SLOT, StrategyState.empty().with("trained", model.parameters().trainable()));
            model.parameters().floats().muli(2);
        }

        @Override
        protected ModelUpdate upload(TrainingTask task, ModelUpdate update) {
            assertThat(seen).isEqualTo("trains on " + update.exampleCount());
            return update.withAttachment("half", update.delta().trainable().mul(.5));
        }
    }

    @Test
    void clientsWithHooksTrainInBlocksToo() {
        LearningTask task = Models.softmaxRegression(IMAGE, CLASSES);
        for (LocalTraining training : List.of(SGD, SGD.proximalTerm(.5).gradientClip(.8), LocalTraining.adam(.001))) {
            Data data = data(task, /* apart= */ false, /* broken= */ -1);
            Both both = both(task, training, data, sent -> sent, Hooked::new);
            for (int i = 0; i < COUNTS.length; i++) {
                ModelUpdate together = both.together().get(i);
                ModelUpdate alone = both.alone().get(i);
                assertSame(together.delta().floats(), alone.delta().floats());
                assertSame(together.attachment("half"), alone.attachment("half"));
                assertSame(trained(together), trained(alone));
                assertThat(together.localSteps()).isEqualTo(alone.localSteps());
            }
        }
    }

    private static NDArray trained(ModelUpdate update) {
        return update.kept().get(Hooked.SLOT).tensor("trained").orElseThrow();
    }

    private static void assertSame(NDArray found, NDArray expected) {
        assertThat(found.sub(expected).norm().getFloat())
                .isLessThanOrEqualTo(5e-5f * expected.norm().getFloat());
    }

    @Test
    void whatHooksBreakFailsTheirClientAlone() {
        LearningTask task = Models.softmaxRegression(IMAGE, CLASSES);
        Data data = data(task, /* apart= */ false, /* broken= */ 5);
        try (FederatedModel model = new FederatedModel(task);
                Worker worker = new Worker(model, data, data, new TestClientStates(), Device.cpu())) {
            ParameterVector start = model.initial(new Seed(1), manager);
            TrainedBlock block =
                    TrainedBlock.train(worker, client -> new Failing(client, worker, SGD), start, tasks(start, t -> t));
            assertThat(block.members())
                    .extracting(member ->
                            member.failure().map(Throwable::getMessage).orElse("none"))
                    .containsExactly(
                            "before 0",
                            "what gradientCorrection returns must be float32 of shape (84), but was float32 of shape (1)",
                            "after 2",
                            "none",
                            "none",
                            "disk of client 5",
                            "none");
            assertThat(block.members())
                    .allMatch(member ->
                            member.failure().isPresent() || member.update().isPresent());
            worker.taskEnded();
            assertThatThrownBy(() -> TrainedBlock.train(
                            worker,
                            client -> new SgdClient(client, worker, LocalTraining.sgd(.1 + client.index())),
                            start,
                            tasks(start, t -> t)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageStartingWith("clients of a block must train with the same optimizer, learning rate,"
                            + " clipping and proximal term, but had ");
        }
    }

    private static final class Failing extends SgdClient {
        Failing(ClientId id, Worker worker, LocalTraining training) {
            super(id, worker, training);
        }

        @Override
        protected void beforeTraining(TrainingTask task, LocalModel model) {
            if (id().index() == 0) {
                throw new IllegalStateException("before 0");
            }
        }

        @Override
        protected Optional<NDArray> gradientCorrection(TrainingTask task) {
            return id().index() == 1
                    ? Optional.of(worker().model().manager().create(1f).reshape(1))
                    : Optional.empty();
        }

        @Override
        protected ModelUpdate upload(TrainingTask task, ModelUpdate update) {
            if (id().index() == 2) {
                throw new IllegalStateException("after 2");
            }
            return update;
        }
    }

    /** A class that computes losses, gradients or steps itself. */
    @Test
    void knowsWhichClassesABlockTakes() {
        assertThat(TrainedBlock.takes(SgdClient.class)).isTrue();
        assertThat(TrainedBlock.takes(Hooked.class)).isTrue();
        SgdClient ownLoss = new SgdClient(new ClientId(0), null, SGD) {
            @Override
            protected Optional<Expression> loss() {
                return Optional.empty();
            }
        };
        SgdClient ownSteps = new SgdClient(new ClientId(0), null, SGD) {
            @Override
            protected LocalResult optimize(TrainingTask task, LocalModel model, ParameterVector received) {
                return super.optimize(task, model, received);
            }
        };
        SgdClient ownGradients = new SgdClient(new ClientId(0), null, SGD) {
            @Override
            protected void afterBackward(LocalStep step) {}
        };
        for (SgdClient other : List.of(ownLoss, ownSteps, ownGradients)) {
            assertThat(TrainedBlock.takes(other.getClass())).isFalse();
        }
        SgdClientFactory wrong = SgdClientFactory.ofOneClass(Hooked.class, SgdClient::new);
        assertThatThrownBy(() -> wrong.create(new ClientId(0), null, SGD))
                .hasMessage("class of clients must be " + Hooked.class.getName() + ", as their factory says, but was "
                        + SgdClient.class.getName());
    }

    /** What a client's neighbours hold changes nothing but perhaps rounding; a failure of theirs changes nothing. */
    @Test
    void aClientThatFailsHarmsNoOther() {
        LearningTask task = Models.softmaxRegression(IMAGE, CLASSES);
        List<String> hashes = new ArrayList<>();
        for (int broken : new int[] {-1, 5}) {
            Data data = data(task, /* apart= */ false, broken);
            try (FederatedModel model = new FederatedModel(task);
                    Worker worker = new Worker(model, data, data, new TestClientStates(), Device.cpu())) {
                ParameterVector start = model.initial(new Seed(1), manager);
                TrainedBlock block = TrainedBlock.train(
                        worker, client -> new SgdClient(client, worker, SGD), start, tasks(start, t -> t));
                TrainedBlock.Member fifth = block.members().get(5);
                assertThat(fifth.failure().isPresent()).isEqualTo(broken == 5);
                assertThat(fifth.receipt().isPresent()).isEqualTo(broken != 5);
                fifth.failure().ifPresent(e -> assertThat(e).hasMessage("disk of client 5"));
                hashes.add(block.update(block.members().get(0), manager).sha256());
                worker.taskEnded();
            }
        }
        assertThat(hashes.get(0)).isEqualTo(hashes.get(1));
    }

    @Test
    void saysWhyATaskHasNoProgramForBlocks() {
        assertThat(BlockProgram.fault(Models.softmaxRegression(IMAGE, CLASSES))).isEmpty();
        assertThat(BlockProgram.fault(Models.mnistCnn()).orElseThrow()).contains("has no form for several clients");
        assertThat(BlockProgram.fault(LearningTask.classification(
                        () -> Network.of(new Layer.Dense(CLASSES)).get(), IMAGE)))
                .contains("the architecture is not a Network of layers");
        LearningTask task = Models.mnistCnn();
        try (FederatedModel model = new FederatedModel(task)) {
            assertThat(model.blockProgram(SGD.stepRule(false))).isEmpty();
        }
        assertThatThrownBy(() -> TrainedBlock.train(null, client -> null, null, List.of()))
                .hasMessage("tasks must be at least one, but was []");
    }
}
