package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDManager;
import java.io.IOException;
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
import java.util.stream.Stream;
import org.fl4j.client.SgdClient;
import org.fl4j.execution.TaskRecord;
import org.fl4j.internal.Durable;
import org.fl4j.message.ClientId;
import org.fl4j.message.ServerState;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.LocalModel;
import org.fl4j.monitoring.AdaptationRule;
import org.junit.jupiter.api.Test;

class DamagedRunsTest extends NothingLostSetup {
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
                .hasMessage("metric of the stop rule must be one of [test/accuracy, test/loss, train/examples seen,"
                        + " train/last squared loss, train/learning rate, train/loss, train/squared"
                        + " loss], but was accuracy");
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

    @Test
    void reasonsOfFailedWritesAreWords() {
        assertThat(Durable.reason(new NoSuchFileException("x"))).isEqualTo("no such file");
        assertThat(Durable.reason(new FileSystemException("x", null, "No space left on device")))
                .isEqualTo("No space left on device");
        assertThat(Durable.reason(new ClosedByInterruptException())).isEqualTo("closed by interrupt");
    }
}
