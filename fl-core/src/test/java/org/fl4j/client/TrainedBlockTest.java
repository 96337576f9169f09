package org.fl4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.fl4j.message.Fact;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.TrainingFacts;
import org.fl4j.model.BlockProgram;
import org.fl4j.model.FederatedModel;
import org.fl4j.model.Layer;
import org.fl4j.model.LearningTask;
import org.fl4j.model.Models;
import org.fl4j.model.Network;
import org.fl4j.random.Seed;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.testing.TestClientStates;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Clients that train in a block against the same clients one by one. */
class TrainedBlockTest extends BlockSetup {
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
