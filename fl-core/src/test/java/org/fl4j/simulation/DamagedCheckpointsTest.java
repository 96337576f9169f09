package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.fl4j.fixture.Mutations;
import org.fl4j.message.ClientColumn;
import org.fl4j.message.ClientId;
import org.fl4j.message.ServerState;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.metrics.Metrics;
import org.fl4j.tensor.TensorEngine;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Checkpoints and client states that someone changed: whatever is in them, reading ends in a
 * {@link CheckpointException}.
 */
class DamagedCheckpointsTest extends TensorTest {
    private static final RunIdentity RUN =
            new RunIdentity(new Fingerprint().add("seed", 3).add("rounds", 4), new Fingerprint().add("java", 17));
    private static final Slot SLOT = Slot.ofClient("mine");
    private static final ClientId CLIENT = new ClientId(7);

    @TempDir
    Path directory;

    private ServerState state;
    private Path checkpoint;
    private Path clientState;

    @BeforeEach
    void write() {
        StrategyState strategy = StrategyState.empty()
                .with("fedadam/m", manager.arange(5f))
                .with("fedadam/beta", .9)
                .with("seen", ClientColumn.of(1, 2, 3));
        state = new ServerState(1, vector(1, 2, 3, 4), strategy);
        RoundReport report = new RoundReport(
                1,
                List.of(CLIENT),
                Map.of(CLIENT, Metrics.of("train/loss", 1, 2)),
                Map.of(),
                List.of(),
                List.of(),
                Metrics.of("test/accuracy", .5, 1),
                100,
                200,
                .5,
                .25);
        History.Mark mark = History.begin(directory).append(List.of(report));
        checkpoint = Checkpoint.save(directory, state, mark, /* toldAll= */ true, RUN);
        DiskClientStates store = new DiskClientStates(directory.resolve("clients"));
        store.stage(
                CLIENT,
                SLOT,
                StrategyState.empty().with("mine/vector", manager.arange(9f)).with("mine/number", .5));
        store.commit(1, List.of(CLIENT), 1);
        clientState = directory.resolve("clients").resolve("7/mine").resolve("round-000001.safetensors");
    }

    private void load() {
        try (NDManager own = TensorEngine.newManager(Device.cpu())) {
            Checkpoint.load(checkpoint, state.model().layout(), RUN, own);
        }
    }

    private void loadClientState() {
        try (NDManager own = TensorEngine.newManager(Device.cpu())) {
            assertThat(new DiskClientStates(directory.resolve("clients")).load(CLIENT, SLOT, own))
                    .isPresent();
        }
    }

    @Test
    void wholeFilesAreRead() {
        load();
        loadClientState();
        assertThat(Checkpoint.history(checkpoint)).hasSize(1);
    }

    @Test
    void changesOfAnyKindEndInTheDocumentedException() throws IOException {
        readDamaged(Mutations.FEW);
    }

    @Test
    @Tag("long")
    void manyChangesEndInTheDocumentedException() throws IOException {
        readDamaged(Mutations.MANY);
    }

    private void readDamaged(int count) throws IOException {
        List<Class<? extends Exception>> documented = List.of(CheckpointException.class);
        Mutations.refused(checkpoint, count, documented, () -> Checkpoint.history(checkpoint));
        assertThat(Mutations.refused(checkpoint, count, documented, this::load)).isGreaterThan(count / 2);
        assertThat(Mutations.refused(clientState, count, documented, this::loadClientState))
                .isGreaterThan(count / 2);
        Path history = directory.resolve(History.FILE);
        assertThat(Mutations.refused(history, count, documented, this::load)).isGreaterThan(count / 2);
    }

    private void historyBytesAre(String bytes, String message) throws IOException {
        byte[] whole = Files.readAllBytes(checkpoint);
        String text = new String(whole, StandardCharsets.ISO_8859_1);
        String field = "\"history bytes\":\"";
        int at = text.indexOf(field) + field.length();
        int end = text.indexOf('"', at);
        String changed = text.substring(0, at) + bytes + text.substring(end);
        byte[] damaged = changed.getBytes(StandardCharsets.ISO_8859_1);
        damaged[0] += (byte) (bytes.length() - (end - at)); // the length of the header
        Files.write(checkpoint, damaged);
        assertThatThrownBy(() -> Checkpoint.history(checkpoint))
                .isInstanceOf(CheckpointException.class)
                .hasMessage("checkpoint " + checkpoint
                        + ": history bytes must be a whole number of at least 0, but was " + message);
        Files.write(checkpoint, whole);
    }

    /** A replay reads the history without the values, and so without their digest. */
    @Test
    void saysThatTheLengthOfTheHistoryIsNone() throws IOException {
        historyBytesAre("1x3", "1x3");
        historyBytesAre("-13", "-13");
    }
}
