package org.fl4j.experiments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Stores that are opened only to read them. */
class ReadingStoreTest {
    @TempDir
    Path directory;

    private Path store() {
        return directory.resolve("runs.db");
    }

    private List<String> files() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith("runs.db"))
                    .sorted()
                    .toList();
        }
    }

    private int write(int round) throws IOException {
        try (TrackingStore store = new TrackingStore(store())) {
            int id = store.begin("test", "yaml", TrackingStoreTest.run(directory, 1), TrackingStoreTest.VERSIONS);
            store.add(id, TrackingStoreTest.report(round, .5), List.of());
            return id;
        }
    }

    @Test
    void writesNothingBesideTheFile() throws Exception {
        int id = write(1);
        byte[] before = Files.readAllBytes(store());
        assertThat(files()).containsExactly("runs.db");
        try (TrackingStore reading = TrackingStore.reading(store())) {
            assertThat(reading.read().metric(id, "test/accuracy")).containsExactly(Map.entry(1, .5));
            assertThat(files()).containsExactly("runs.db");
            assertThatThrownBy(() -> reading.keepUpTo(id, 0))
                    .hasMessageContaining(" failed: ")
                    .hasMessageContaining("readonly");
        }
        assertThat(files()).containsExactly("runs.db");
        assertThat(Files.readAllBytes(store())).isEqualTo(before);
    }

    /** As watch does: it is opened before, during and after a run. */
    @Test
    void seesWhatAWriterDoes() throws Exception {
        int id = write(1);
        try (TrackingStore reading = TrackingStore.reading(store())) {
            assertThat(reading.read().costs(id)).hasSize(1);
            try (TrackingStore writing = new TrackingStore(store())) {
                for (int round = 2; round <= 4; round++) {
                    writing.add(id, TrackingStoreTest.report(round, .5), TrackingStoreTest.tasks(round));
                    assertThat(reading.read().costs(id)).hasSize(round);
                    assertThat(reading.read().tasks(id)).hasSize(10 * (round - 1));
                }
            }
            assertThat(reading.read().costs(id)).hasSize(4);
            write(5);
            assertThat(reading.read().costs(id)).hasSize(5);
        }
    }

    /** Everything is in the file itself when the writer has ended, though a reader had it open. */
    @Test
    void aReaderDoesNotKeepChangesBesideTheFile() throws Exception {
        int id = write(1);
        Path copy = directory.resolve("copy.db");
        TrackingStore writing = new TrackingStore(store());
        writing.add(id, TrackingStoreTest.report(2, .5), List.of());
        try (TrackingStore reading = TrackingStore.reading(store())) {
            assertThat(reading.read().costs(id)).hasSize(2);
            writing.close();
            Files.copy(store(), copy);
        }
        try (TrackingStore reading = TrackingStore.reading(copy)) {
            assertThat(reading.read().costs(id)).hasSize(2);
        }
    }

    @Test
    void refusesWhatIsNoStore() throws Exception {
        assertThatThrownBy(() -> TrackingStore.reading(store()))
                .hasMessage("store must be a file that exists, but was " + store());
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + store());
                Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA user_version = 7");
        }
        assertThatThrownBy(() -> TrackingStore.reading(store()))
                .hasMessage("schema of " + store() + " must be 2, but was 7");
        Files.writeString(store(), "no database at all, but long enough to be looked at as one".repeat(20));
        assertThatThrownBy(() -> TrackingStore.reading(store())).hasMessageStartingWith(store() + " failed: ");
    }
}
