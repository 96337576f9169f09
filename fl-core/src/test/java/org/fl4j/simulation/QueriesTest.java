package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.fl4j.client.ClassCounts;
import org.fl4j.client.Worker;
import org.fl4j.core.Client;
import org.fl4j.data.Dataset;
import org.fl4j.execution.TaskRecord;
import org.fl4j.fixture.AskingServer;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Query;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.tensor.Tensors;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a server asks clients before it plans a round. */
class QueriesTest extends TensorTest {
    private static final ClassCounts COUNTS = new ClassCounts(10);
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

    private static SimulationBuilder run() {
        return run(COUNTS.name());
    }

    private static SimulationBuilder run(String query) {
        return Fixtures.softmaxRun(digits).server(AskingServer.decorator(query, ClassCounts.COUNTS));
    }

    private static String state(SimulationBuilder run) {
        try (RunResult result = run.build().run()) {
            return result.stateSha256();
        }
    }

    @Test
    void answersFoldIntoTheState() {
        int[] expected = new int[10];
        Arrays.stream(digits.train().classIndices()).forEach(label -> expected[label]++);
        try (RunResult result = run().build().run()) {
            float[] counts = result.state()
                    .strategy()
                    .tensor(ClassCounts.COUNTS)
                    .orElseThrow()
                    .toFloatArray();
            for (int label = 0; label < 10; label++) {
                assertThat(counts[label]).isEqualTo(expected[label]);
            }
            assertThat(result.history().get(0).bytesUp())
                    .as("five updates, and counts of all clients")
                    .isEqualTo(5 * 4 * 7850 + Fixtures.CLIENTS * 4 * 10);
            assertThat(result.history().get(0).bytesDown())
                    .as("counts need no model")
                    .isEqualTo(5 * 4 * 7850);
            assertThat(result.history().get(1).bytesUp()).isEqualTo(5 * 4 * 7850);
        }
    }

    @Test
    void bitsDoNotDependOnWorkersNorOnAResume() {
        String expected = state(run().workers(1));
        assertThat(state(Fixtures.softmaxRun(digits))).isNotEqualTo(expected);
        assertThat(state(run().workers(3))).isEqualTo(expected);
        SimulationBuilder stored = run().checkpoints(directory, 1);
        stored.rounds(2).build().run().close();
        assertThat(state(stored.rounds(4).resume(true))).isEqualTo(expected);
    }

    @Test
    void aReplayAsksToo() {
        List<TaskRecord> records = new ArrayList<>();
        Simulation simulation = run().hashUpdates(true)
                .listener(new RunListener() {
                    @Override
                    public void tasksEnded(List<TaskRecord> tasks) {
                        records.addAll(tasks);
                    }
                })
                .build();
        simulation.run().close();
        assertThat(records)
                .filteredOn(record -> record.id().kind().equals("query"))
                .hasSize(Fixtures.CLIENTS)
                .allSatisfy(record -> assertThat(record.id().round()).isEqualTo(1));
        TaskRecord trained = records.stream()
                .filter(record -> record.id().kind().equals("train"))
                .findFirst()
                .orElseThrow();
        assertThat(simulation.replay(1, trained.id().client()))
                .isEqualTo(trained.updateSha256().orElseThrow());
    }

    @Test
    void anUnknownQueryIsEachClientsFailure() {
        assertThatThrownBy(() -> run("head-count").build().run())
                .isInstanceOf(ClientFailedException.class)
                .hasMessageContaining("client query must be one of [class-counts], but was head-count");
        try (RunResult result = run("class-counts:classes=3")
                .failurePolicy(FailurePolicy.SKIP_CLIENT)
                .build()
                .run()) {
            assertThat(result.history().get(0).failures())
                    .isNotEmpty()
                    .allSatisfy(failure -> assertThat(failure.error()).contains("label must be in [0, 2], but was "));
            assertThat(result.history()).hasSize(4);
        }
    }

    /** A client of one's own, which answers as told. */
    private record Own(ClientId id, UnaryOperator<ModelUpdate> change) implements Client {
        @Override
        public ModelUpdate train(TrainingTask task) {
            return new ModelUpdate(
                    id,
                    task.modelVersion(),
                    1,
                    1,
                    task.model().minus(task.model(), task.model().floats().getManager()),
                    Metrics.none());
        }

        @Override
        public ModelUpdate answer(String query, TrainingTask task) {
            NDArray ones = Tensors.create(
                    task.model().floats().getManager(), new float[] {1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, new Shape(10));
            ModelUpdate answer = ModelUpdate.answer(task, 1, Map.of(ClassCounts.COUNTS, ones));
            return id.index() == 3 ? change.apply(answer) : answer;
        }

        @Override
        public Metrics evaluate(TrainingTask task) {
            return Metrics.none();
        }
    }

    private static SimulationBuilder own(UnaryOperator<ModelUpdate> change) {
        return run("anything").clients((ClientId id, Worker worker) -> new Own(id, change));
    }

    @Test
    void clientsOfOnesOwnAnswerAsTheyLike() {
        try (RunResult result = own(answer -> answer).build().run()) {
            assertThat(result.state()
                            .strategy()
                            .tensor(ClassCounts.COUNTS)
                            .orElseThrow()
                            .toFloatArray())
                    .containsOnly(Fixtures.CLIENTS);
        }
    }

    @Test
    void aBrokenAnswerIsRejectedAndABrokenRuleAFailure() {
        SimulationBuilder notFinite = own(answer -> {
            answer.attachment(ClassCounts.COUNTS).muli(Float.NaN);
            return answer;
        });
        try (RunResult result = notFinite.build().run()) {
            assertThat(result.history().get(0).rejected()).singleElement().satisfies(rejection -> {
                assertThat(rejection.client()).isEqualTo(new ClientId(3));
                assertThat(rejection.reason()).isEqualTo(RejectionReason.NOT_FINITE);
            });
            assertThat(result.state()
                            .strategy()
                            .tensor(ClassCounts.COUNTS)
                            .orElseThrow()
                            .toFloatArray())
                    .containsOnly(Fixtures.CLIENTS - 1);
        }
        assertThatThrownBy(() -> own(answer -> null).build().run())
                .isInstanceOf(ClientFailedException.class)
                .hasMessageContaining("answer must return an update, but returned null");
    }

    @Test
    void aClientThatAnswersNothingSaysSo() {
        SimulationBuilder silent = run().clients((id, worker) -> new Client() {
            @Override
            public ClientId id() {
                return id;
            }

            @Override
            public ModelUpdate train(TrainingTask task) {
                throw new IllegalStateException("not reached");
            }

            @Override
            public Metrics evaluate(TrainingTask task) {
                return Metrics.none();
            }
        });
        assertThatThrownBy(() -> silent.build().run())
                .isInstanceOf(ClientFailedException.class)
                .hasMessageContaining("client must answer class-counts:classes=10, but answers no queries");
    }

    @Test
    void aServerThatAsksMustFold() {
        SimulationBuilder run = Fixtures.softmaxRun(digits)
                .server((server, parts) -> new AskingServer(server, "x", "y") {
                    @Override
                    public ServerState answered(
                            ServerState state, Query query, Iterable<ModelUpdate> answers, RoundContext round) {
                        return state.next(state.model().copy(), state.strategy());
                    }
                });
        assertThatThrownBy(() -> run.build().run())
                .hasMessageContaining("fold answers into the state after round 0, but returned that after round 1");
    }
}
