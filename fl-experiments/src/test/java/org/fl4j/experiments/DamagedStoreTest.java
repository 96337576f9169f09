package org.fl4j.experiments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.random.RandomGenerator;
import org.fl4j.experiments.TrackedRuns.StoredRun;
import org.fl4j.random.Seed;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store that someone changed: whatever is in it, reading ends in the exception that names the file. */
class DamagedStoreTest {
    @TempDir
    Path directory;

    private Path file;

    @BeforeEach
    void write() throws Exception {
        file = directory.resolve("runs.db");
        try (TrackingStore store = new TrackingStore(file)) {
            store.read();
        }
        change("INSERT INTO experiments VALUES (1, 'e', 'yaml', '2026')");
        change("INSERT INTO runs VALUES (1, 1, 'key', 'label', 3, 'completed', '2026', NULL, 'ab')");
        change("INSERT INTO settings VALUES (1, 'name', 'value')");
        change("INSERT INTO versions VALUES (1, 'Java', '17')");
        for (int round = 1; round <= 20; round++) {
            String at = "VALUES (1, " + round;
            change("INSERT INTO rounds " + at + ", 10, 20, 0.5, 0.25)");
            change("INSERT INTO metrics " + at + ", 'test/accuracy', 0.5)");
            change("INSERT INTO client_metrics " + at + ", 4, 'train/loss', 0.5)");
            change("INSERT INTO events " + at + ", 4, 'LATE', 'late')");
            change("INSERT INTO tasks " + at + ", 4, 'train', 0, 0, 1, '2026-03-01T10:00:00Z', '2026-03-01T10:00:00Z',"
                    + " '2026-03-01T10:00:01Z', 1.0, 'FAILED', 'lost', 'ab')");
            change("INSERT INTO task_metrics " + at + ", 4, 'train', 'privacy/epsilon', 1.0)");
        }
    }

    private void change(String sql) throws Exception {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
                Statement statement = connection.createStatement()) {
            statement.executeUpdate(sql);
        }
    }

    /** Reads all that there is. */
    private static void read(Path file) {
        try (TrackingStore store = TrackingStore.reading(file)) {
            TrackedRuns runs = store.read();
            for (StoredRun run : runs.all()) {
                runs.settings(run.id());
                runs.versions(run.id());
                runs.events(run.id());
                runs.lastSession(run.id());
                runs.bytes(run.id());
                runs.tasks(run.id());
                for (String name : runs.metricNames(run.id())) {
                    runs.last(run.id(), name);
                }
                runs.lastOfClients(run.id(), "train/loss");
            }
        }
    }

    private void says(String sql, String message) throws Exception {
        byte[] whole = Files.readAllBytes(file);
        change(sql);
        assertThatThrownBy(() -> read(file))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage(file + " has wrong content: " + message);
        Files.write(file, whole);
    }

    @Test
    void namesFileTableColumnAndRule() throws Exception {
        read(file);
        says(
                "UPDATE tasks SET outcome = 'failed' WHERE round = 2",
                "tasks, row 2: outcome must be one of [SUCCEEDED, FAILED, TIMED_OUT, CANCELLED], but was failed");
        says(
                "UPDATE tasks SET started = 'now' WHERE round = 1",
                "tasks, row 1: started must be a time such as 2026-03-01T10:00:00Z, but was now");
        says("UPDATE tasks SET client = -4", "tasks, row 1: client index must be at least 0, but was -4");
        says(
                "UPDATE tasks SET run_seconds = -1",
                "tasks, row 1: run_seconds must be at least 0 and finite, but was -1.0");
        says("UPDATE runs SET seed = 'one'", "runs, row 1: seed must be a whole number of 64 bits, but was one");
        says("UPDATE runs SET label = x'0102'", "runs, row 1: label must be a text, but was 2 bytes");
        says(
                "UPDATE rounds SET bytes_up = 1.5",
                "rounds, row 1: bytes_up must be a whole number of 64 bits, but was 1.5");
        says("UPDATE metrics SET value = 'high'", "metrics, row 1: value must be a number, but was high");
    }

    @Test
    void changesOfAnyKindEndInTheDocumentedException() throws Exception {
        mutate(500);
    }

    @Test
    @Tag("long")
    void fourThousandChangesEndInTheDocumentedException() throws Exception {
        mutate(4000);
    }

    private void mutate(int count) throws Exception {
        byte[] whole = Files.readAllBytes(file);
        int page = 4096;
        Path changed = directory.resolve("changed.db");
        int refused = 0;
        for (int i = 0; i < count; i++) {
            RandomGenerator random = new Seed(37).derive(i).generator();
            byte[] bytes = whole.clone();
            for (int change = random.nextInt(1, 9); change > 0; change--) {
                // the start and the end of a page have its header and its rows; the middle is empty
                int start = page * random.nextInt(bytes.length / page);
                int within = random.nextBoolean() ? random.nextInt(120) : page - 1 - random.nextInt(1500);
                bytes[start + within] = (byte) random.nextInt(256);
            }
            Files.write(changed, bytes);
            try {
                read(changed);
            } catch (IllegalStateException | IllegalArgumentException e) {
                refused++;
                assertThat(e).as("change %d", i).hasMessageContaining("changed.db");
            }
        }
        assertThat(refused).isBetween(count / 10, count - 1);
    }
}
