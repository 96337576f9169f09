package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.fl4j.data.Partition;
import org.fl4j.internal.DirectoryLock;
import org.fl4j.message.ClientId;
import org.fl4j.model.FederatedModel;
import org.fl4j.tensor.ParameterLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** No finished round is lost, and no run is resumed as another than it was. */
class NothingLostTest extends NothingLostSetup {
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
        RunIdentity here = RunIdentity.of(run.config().finished());
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
}
