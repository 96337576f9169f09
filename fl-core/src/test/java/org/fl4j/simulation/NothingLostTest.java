package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.data.Dataset;
import org.fl4j.data.Partition;
import org.fl4j.execution.TaskRecord;
import org.fl4j.internal.DirectoryLock;
import org.fl4j.internal.Durable;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.ServerState;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.model.FederatedModel;
import org.fl4j.model.LocalModel;
import org.fl4j.monitoring.AdaptationRule;
import org.fl4j.monitoring.ResourceUsage;
import org.fl4j.server.AddDelta;
import org.fl4j.server.UpdatePolicy;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** No finished round is lost, and no run is resumed as another than it was. */
class NothingLostTest extends TensorTest {
    private static final int LAST = 6;

    @TempDir
    Path directory;

    private Dataset digits;

    @BeforeEach
    void generate() {
        digits = Fixtures.digits();
    }

    @AfterEach
    void free() {
        digits.close();
    }

    /** Checkpoints are due after the fiftieth round only, which no run here comes to. */
    private SimulationBuilder setup() {
        return Fixtures.softmaxRun(digits).rounds(LAST).checkpoints(directory, 50);
    }

    private String undisturbed() {
        try (RunResult result = Fixtures.softmaxRun(digits).rounds(LAST).build().run()) {
            return result.stateSha256();
        }
    }

    private static RunListener after(int round, Runnable action) {
        return new RunListener() {
            @Override
            public void roundEnded(RoundReport report, ServerState state) {
                if (report.round() == round) {
                    action.run();
                }
            }
        };
    }

    private static Runnable throwing(Throwable failure) {
        return () -> {
            if (failure instanceof Error error) {
                throw error;
            }
            throw (RuntimeException) failure;
        };
    }

    private static Aggregator failingAt(int failing, Throwable failure) {
        return (round, state) -> new Aggregation() {
            private final Aggregation mean = Fixtures.MEAN.begin(round, state);

            @Override
            public void add(ModelUpdate update) {
                mean.add(update);
            }

            @Override
            public void merge(Aggregation other) {
                mean.merge(other);
            }

            @Override
            public Aggregate combine() {
                if (round.number() == failing) {
                    throwing(failure).run();
                }
                return mean.combine();
            }
        };
    }

    private static Arguments ending(String name, int kept, UnaryOperator<SimulationBuilder> cause) {
        return Arguments.of(name, kept, cause);
    }

    static Stream<Arguments> endings() {
        return Stream.of(
                ending("a listener", 3, run -> run.listener(after(3, throwing(new IllegalStateException("full"))))),
                ending("a listener's error", 3, run -> run.listener(after(3, throwing(new StackOverflowError())))),
                ending(
                        "a listener of tasks",
                        3,
                        run -> run.listener(new RunListener() {
                            private int rounds;

                            @Override
                            public void tasksEnded(List<TaskRecord> tasks) {
                                if (++rounds == 3) {
                                    throw new IllegalStateException("full");
                                }
                            }
                        })),
                ending(
                        "a stop rule",
                        3,
                        run -> run.stopRule(history -> {
                            if (history.size() == 3) {
                                throw new IllegalStateException("no such metric");
                            }
                            return false;
                        })),
                ending("a strategy", 2, run -> run.aggregator(failingAt(3, new IllegalStateException("singular")))),
                ending("a strategy's stack", 2, run -> run.aggregator(failingAt(3, new StackOverflowError()))),
                ending("a full heap", 2, run -> run.aggregator(failingAt(3, new OutOfMemoryError("heap")))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("endings")
    void theNewestFinishedStateIsSavedWhateverEndsARun(String name, int kept, UnaryOperator<SimulationBuilder> cause) {
        Simulation broken = cause.apply(setup()).build();
        assertThatThrownBy(broken::run).isInstanceOf(RuntimeException.class);
        assertThat(Checkpoint.latest(directory).map(CheckpointFiles::round)).hasValue(kept);
    }

    @Test
    void anErrorNamesTheRoundAndIsTheCause() {
        StackOverflowError deep = new StackOverflowError();
        Simulation broken = setup().aggregator(failingAt(3, deep)).build();
        assertThatThrownBy(broken::run)
                .isInstanceOf(RunFailedException.class)
                .hasMessage("round 3 failed: java.lang.StackOverflowError")
                .hasCause(deep)
                .satisfies(e -> assertThat(((RunFailedException) e).round()).isEqualTo(3));
    }

    /** One and the same error is thrown again while resources are closed. */
    @Test
    void seesThroughSelfSuppression() {
        OutOfMemoryError full = new OutOfMemoryError("Java heap space");
        AutoCloseable resource = () -> {
            throw full;
        };
        assertThatThrownBy(() -> {
                    try (resource) {
                        throw full;
                    }
                })
                .satisfies(failure -> assertThat(Failures.unwrapped(failure)).isSameAs(full));
        IllegalStateException other = new IllegalStateException("other");
        assertThat(Failures.unwrapped(other)).isSameAs(other);
    }

    /** A broken listener loses its record of round 3, those behind it too: the resumed run tells them again. */
    @Test
    void aResumedRunTellsListenersWhatTheyMissed() throws IOException {
        Path before = directory.resolve("before.jsonl");
        Path after = directory.resolve("after.jsonl");
        assertThatThrownBy(() -> setup().listener(new JsonLinesListener(before))
                        .listener(after(3, throwing(new IllegalStateException("full"))))
                        .listener(new JsonLinesListener(after))
                        .build()
                        .run())
                .hasMessage("full");
        try (RunResult result = setup().resume(true)
                .listener(new JsonLinesListener(before))
                .listener(new JsonLinesListener(after))
                .build()
                .run()) {
            assertThat(result.stateSha256()).isEqualTo(undisturbed());
        }
        for (Path file : List.of(before, after)) {
            assertThat(JsonLinesListener.read(file))
                    .extracting(RoundReport::round)
                    .containsExactly(1, 2, 3, 4, 5, 6);
        }
        assertThat(Files.readString(before)).isEqualTo(Files.readString(after));
    }

    private static Arguments change(String difference, UnaryOperator<SimulationBuilder> change) {
        return Arguments.of(difference, change);
    }

    static Stream<Arguments> changes() {
        return Stream.of(
                change("training.learningRate", run -> run.training(LocalTraining.sgd(.2))),
                change(
                        "training.batchSize",
                        run -> run.training(LocalTraining.sgd(.1).batchSize(7))),
                change("aggregator", run -> run.aggregator(failingAt(99, new IllegalStateException()))),
                change("serverOptimizer.learningRate", run -> run.serverOptimizer(new AddDelta(.5))),
                change("selector", run -> run.selector((all, count, round, state) -> List.of(all.id(0), all.id(1)))),
                change(
                        "updates.minimumUpdates",
                        run -> run.updates(UpdatePolicy.all().minimumUpdates(2))),
                change("cohortSize", run -> run.cohortSize(4)),
                change("evaluateEvery", run -> run.evaluateEvery(2)),
                change("failurePolicy", run -> run.failurePolicy(FailurePolicy.SKIP_CLIENT)),
                change("uploadTransform", run -> run.uploadTransform((update, task) -> update)),
                change("seed", run -> run.seed(4)),
                change("observers", run -> run.observer(round -> Metrics.none())),
                change("settings", run -> run.settings(parts -> (state, round) -> null)),
                change("servers", run -> run.server((composed, parts) -> composed)),
                change("stopRule", run -> run.stopRule(StopRule.targetReached("test/accuracy", .99))),
                change("algorithms", run -> run.algorithm(builder -> builder.cohortSize(5))),
                change(
                        "clientFactory",
                        run -> run.clients((id, worker) -> new SgdClient(id, worker, LocalTraining.sgd(.1)))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("changes")
    void refusesToResumeWithOtherSettings(String difference, UnaryOperator<SimulationBuilder> change) {
        setup().rounds(2).build().run().close();
        Simulation changed = change.apply(setup()).resume(true).build();
        assertThatThrownBy(changed::run)
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(": cannot be resumed from with other settings: ")
                .hasMessageContaining(difference);
    }

    @Test
    void resumesWithOtherRoundsWorkersAndListeners() {
        setup().rounds(2).workers(1).build().run().close();
        try (RunResult result = setup().resume(true)
                .workers(3)
                .listener(after(99, () -> {}))
                .build()
                .run()) {
            assertThat(result.stateSha256()).isEqualTo(undisturbed());
        }
    }

    @Test
    void anotherKindOfMachineIsNoReasonToRefuse() {
        SimulationBuilder run = setup();
        run.rounds(2).build().run().close();
        RunIdentity here = RunIdentity.of(run.config());
        assertThat(here.machine().parts())
                .containsOnlyKeys("devices", "java", "libtorch", "native threads", "processor");
        RunIdentity elsewhere = new RunIdentity(here.made(), new Fingerprint().add("processor", "another"));
        Path file = Checkpoint.latest(directory).orElseThrow();
        ParameterLayout layout = new FederatedModel(Fixtures.softmax()).layout();
        assertThat(Checkpoint.load(file, layout, elsewhere, manager)
                        .checkpoint()
                        .state()
                        .round())
                .isEqualTo(2);
        assertThat(here.machine().differencesTo(elsewhere.machine())).hasSize(5);
    }

    /** Partitions with the same example counts and other rows. */
    @Test
    void refusesToResumeOnOtherRows() {
        setup().rounds(2).build().run().close();
        int[][] rows = new int[Fixtures.CLIENTS][];
        var partition = Fixtures.partition(digits);
        for (int client = 0; client < rows.length; client++) {
            rows[client] = partition.rows(new ClientId(client));
            for (int i = 0; i < rows[client].length; i++) {
                rows[client][i] = 599 - rows[client][i];
            }
        }
        Simulation other = setup().data(digits.federated(Partition.of(List.of(rows))))
                .resume(true)
                .build();
        assertThatThrownBy(other::run).hasMessageContaining("data was float32 of shape (600, 1, 28, 28)");
    }

    @Test
    void anotherRunCannotHaveTheDirectoryMeanwhile() {
        List<Throwable> refused = new ArrayList<>();
        setup().rounds(2)
                .listener(after(1, () -> {
                    assertThat(DirectoryLock.isHeld(directory)).isTrue();
                    try {
                        setup().build().run().close();
                    } catch (IllegalArgumentException e) {
                        refused.add(e);
                    }
                }))
                .build()
                .run()
                .close();
        assertThat(refused)
                .singleElement()
                .satisfies(e ->
                        assertThat(e).hasMessage("directory must not be in use by another run, but was " + directory));
        assertThat(DirectoryLock.isHeld(directory)).isFalse();
    }

    private static void remove(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aDirectoryThatIsRemovedMeanwhileIsAnError() {
        Path own = directory.resolve("own");
        Simulation run = setup().checkpoints(own, 1)
                .listener(after(2, () -> remove(own)))
                .build();
        assertThatThrownBy(run::run)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage(
                        "directory must stay while a run writes to it, but " + own + " was removed, or its file lock");
        Path lines = directory.resolve("lines");
        Simulation recorded = Fixtures.softmaxRun(digits)
                .listener(new JsonLinesListener(lines.resolve("rounds.jsonl")))
                .listener(after(2, () -> remove(lines)))
                .build();
        assertThatThrownBy(recorded::run)
                .hasMessage("cannot write " + lines.resolve("rounds.jsonl") + ": no such file");
        assertThat(lines).doesNotExist();
    }

    @Test
    void aTornCharacterAtTheEndOfTheLinesDoesNotBlockAResume() throws IOException {
        Path lines = directory.resolve("rounds.jsonl");
        setup().rounds(2).listener(new JsonLinesListener(lines)).build().run().close();
        byte[] torn = "{\"round\":3,\"metrics\":{\"\u20ac".getBytes(StandardCharsets.UTF_8);
        Files.write(lines, Arrays.copyOf(torn, torn.length - 1), StandardOpenOption.APPEND);
        setup().resume(true)
                .listener(new JsonLinesListener(lines))
                .build()
                .run()
                .close();
        assertThat(JsonLinesListener.read(lines)).extracting(RoundReport::round).containsExactly(1, 2, 3, 4, 5, 6);
    }

    @Test
    void aCheckpointCostsTheSameInEveryRound() {
        List<Long> sizes = new ArrayList<>();
        RunListener measuring = new RunListener() {
            @Override
            public void roundEnded(RoundReport report, ServerState state) {
                Checkpoint.latest(directory)
                        .ifPresent(file -> sizes.add(file.toFile().length()));
            }
        };
        setup().rounds(40)
                .checkpoints(directory, 1)
                .listener(measuring)
                .build()
                .run()
                .close();
        assertThat(sizes).hasSize(39);
        assertThat(sizes.get(38) - sizes.get(0)).isBetween(-64L, 64L); // lengths of numbers in the header
    }

    @Test
    void aDamagedHistoryIsFound() throws IOException {
        setup().rounds(3).checkpoints(directory, 1).build().run().close();
        Path history = directory.resolve(History.FILE);
        byte[] whole = Files.readAllBytes(history);
        for (int at = 0; at < whole.length; at += 97) {
            byte[] damaged = whole.clone();
            damaged[at] ^= 1;
            Files.write(history, damaged);
            assertThatThrownBy(() -> setup().checkpoints(directory, 1)
                            .resume(true)
                            .build()
                            .run())
                    .as("byte " + at)
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining("do not have the SHA-256 they were saved with");
        }
        Files.write(history, Arrays.copyOf(whole, whole.length - 1));
        assertThatThrownBy(() ->
                        setup().checkpoints(directory, 1).resume(true).build().run())
                .hasMessageContaining("it must have at least " + whole.length + " bytes, but has " + (whole.length - 1))
                .hasMessageContaining("round-000002.safetensors, is good");
    }

    /** What each client keeps is damaged at every place in turn: nothing of it is taken for good. */
    @Test
    void aDamagedClientStateIsFound() throws IOException {
        Path states = directory.resolve("states");
        DiskClientStates store = new DiskClientStates(states);
        Slot slot = Slot.ofClient("mine");
        store.stage(
                new ClientId(7),
                slot,
                StrategyState.empty().with("mine/vector", manager.arange(50f)).with("mine/number", .5));
        store.commit(1, List.of(new ClientId(7)), 1);
        Path file = states.resolve("7/mine").resolve("round-000001.safetensors");
        byte[] whole = Files.readAllBytes(file);
        for (int at = 0; at < whole.length; at++) {
            byte[] damaged = whole.clone();
            damaged[at] ^= 4;
            Files.write(file, damaged);
            try (NDManager own = manager.newSubManager()) {
                assertThatThrownBy(() -> store.load(new ClientId(7), slot, own))
                        .as("byte " + at)
                        .isInstanceOf(CheckpointException.class);
            }
        }
        Files.write(file, whole);
        assertThat(store.load(new ClientId(7), slot, manager)).isPresent();
    }

    @Test
    void aWriteThatFailsLeavesNoPartialFileAndSaysWhy() throws IOException {
        Path occupied = directory.resolve("round-000001.safetensors");
        Simulation run = setup().checkpoints(directory, 1)
                .listener(after(1, () -> occupied.resolve("x").toFile().mkdirs()))
                .build();
        assertThatThrownBy(run::run)
                .isInstanceOf(CheckpointException.class)
                .hasMessage("checkpoint " + occupied + ": cannot be written: Is a directory");
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files.map(file -> file.getFileName().toString())).noneMatch(name -> name.endsWith(".partial"));
        }
    }

    @Test
    void aStopRuleMustNameAMetricThatIsMeasured() {
        Simulation misspelt =
                setup().stopRule(StopRule.targetReached("accuracy", .5)).build();
        assertThatThrownBy(misspelt::run)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "metric of the stop rule must be one of [test/accuracy, test/loss, train/examples seen,"
                                + " train/last squared loss, train/learning rate, train/loss, train/squared loss], but was accuracy");
        assertThat(Checkpoint.latest(directory)).isEmpty();
        try (RunResult result = Fixtures.softmaxRun(digits)
                .stopRule(StopRule.targetReached("train/loss", 0))
                .stopRule(StopRule.noImprovement("test/loss", 99, 0))
                .build()
                .run()) {
            assertThat(result.end()).isEqualTo(RunResult.End.STOPPED_EARLY);
            assertThat(result.state().round()).isEqualTo(1);
        }
    }

    /** What a client keeps through an interrupted write is not committed, and the run goes on. */
    @Test
    void aClientThatIsInterruptedWhileItKeepsItsStateFails() {
        SimulationBuilder builder = setup().failurePolicy(FailurePolicy.SKIP_CLIENT)
                .workers(1)
                .sgdClients((id, worker, training) -> new SgdClient(id, worker, training) {
                    @Override
                    protected void afterTraining(TrainingTask task, LocalModel model) {
                        if (task.round() == 3) {
                            Thread.currentThread().interrupt();
                        }
                        keep(
                                Slot.ofClient("count"),
                                StrategyState.empty()
                                        .with("kept", model.parameters().floats()));
                    }
                });
        try (RunResult result = builder.build().run()) {
            assertThat(result.end()).isEqualTo(RunResult.End.COMPLETED);
            assertThat(result.history().get(2).failures())
                    .hasSize(5)
                    .allSatisfy(failure -> assertThat(failure.error())
                            .contains("staged.safetensors: cannot be written: closed by interrupt"));
            assertThat(result.history().get(3).failures()).isEmpty();
        }
    }

    @Test
    void aReplayOfAnAdaptedRunTakesTheRecordedSettings() {
        AtomicInteger looks = new AtomicInteger();
        List<String> hashes = new ArrayList<>();
        SimulationBuilder builder = setup().checkpoints(directory, 1)
                .algorithm(new AdaptiveTraining(round -> usage(looks.incrementAndGet()), AdaptationRule.fedscale()))
                .hashUpdates(true)
                .listener(new RunListener() {
                    @Override
                    public void tasksEnded(List<TaskRecord> tasks) {
                        tasks.stream()
                                .filter(task -> task.id().round() == 4)
                                .sorted(Comparator.comparing(
                                        task -> task.id().client().index()))
                                .forEach(task -> hashes.add(task.id().client().index() + " "
                                        + task.updateSha256().orElseThrow()));
                    }
                });
        Optional<ClientId> client;
        try (RunResult result = builder.build().run()) {
            client = result.history().get(3).cohort().stream().findFirst();
            assertThat(result.history())
                    .extracting(report -> report.metrics().value("adaptation/batch size"))
                    .doesNotContainSequence(List.of(10.0, 10.0, 10.0, 10.0, 10.0, 10.0));
        }
        int before = looks.get();
        String replayed = builder.resume(true).build().replay(4, client.orElseThrow());
        assertThat(hashes).contains(client.orElseThrow().index() + " " + replayed);
        assertThat(looks).as("looks at the machine").hasValue(before);
    }

    /** A machine that is idle at first and busy later. */
    private static ResourceUsage usage(int look) {
        double load = look < 3 ? .1 : .95;
        return ResourceUsage.of(load, load, 1L << 30);
    }

    @Test
    void reasonsOfFailedWritesAreWords() {
        assertThat(Durable.reason(new NoSuchFileException("x"))).isEqualTo("no such file");
        assertThat(Durable.reason(new FileSystemException("x", null, "No space left on device")))
                .isEqualTo("No space left on device");
        assertThat(Durable.reason(new ClosedByInterruptException())).isEqualTo("closed by interrupt");
    }
}
