package org.fl4j.experiments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.fl4j.execution.TaskId;
import org.fl4j.execution.TaskRecord;
import org.fl4j.experiments.TrackedRuns.StoredRun;
import org.fl4j.message.ClientId;
import org.fl4j.message.Rejection;
import org.fl4j.message.RejectionReason;
import org.fl4j.metrics.Metrics;
import org.fl4j.simulation.ClientFailure;
import org.fl4j.simulation.RoundReport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrackingStoreTest {
    static final Map<String, String> VERSIONS = Map.of("Java", "17");

    @TempDir
    Path directory;

    static RoundReport report(int round, double accuracy) {
        Map<ClientId, Metrics> clients = new TreeMap<>();
        for (int i = 0; i < 10; i++) {
            clients.put(
                    new ClientId(i),
                    Metrics.of("train/loss", i + round, 1)
                            .merge(Metrics.of("train/squared loss", i, 1))
                            .merge(Metrics.of("train/learning rate", .1, 1)));
        }
        return new RoundReport(
                round,
                new ArrayList<>(clients.keySet()),
                clients,
                Map.of(new ClientId(3), Metrics.of("client/test/accuracy", accuracy / 2, 1)),
                List.of(new Rejection(new ClientId(7), RejectionReason.LATE, "too late")),
                List.of(new ClientFailure(new ClientId(8), "lost")),
                Metrics.of("test/accuracy", accuracy, 1).merge(Metrics.of("test/loss", 1 / accuracy, 1)),
                100,
                200,
                .5,
                .1);
    }

    /** Ten trainings, one of which failed at its second attempt. */
    static List<TaskRecord> tasks(int round) {
        Instant start = Instant.parse("2026-03-01T10:00:00Z").plusSeconds(10L * round);
        return IntStream.range(0, 10)
                .mapToObj(client -> new TaskRecord(
                        new TaskId(round, new ClientId(client), "train"),
                        client % 3,
                        client % 2,
                        client == 8 ? 2 : 1,
                        start,
                        start.plusMillis(client),
                        start.plusMillis(client + 5).plusNanos(1),
                        Duration.ofMillis(4),
                        client == 8 ? TaskRecord.Outcome.FAILED : TaskRecord.Outcome.SUCCEEDED,
                        client == 8 ? Optional.of("lost") : Optional.empty(),
                        Metrics.of("privacy/release epsilon", .5, 1).merge(Metrics.of("resource/cpu", .25, 1)),
                        client == 8 ? Optional.empty() : Optional.of("hash " + round + " " + client)))
                .toList();
    }

    static ExperimentFile.Run run(Path directory, int seed) throws IOException {
        Path file = Files.writeString(directory.resolve("one.yaml"), "seed: " + seed + "\n");
        return ExperimentFile.read(file).runs().get(0);
    }

    @Test
    void keepsRoundsOnce() throws IOException {
        Path file = directory.resolve("runs.db");
        int id;
        try (TrackingStore store = new TrackingStore(file)) {
            id = store.begin("test", "seed: 1", run(directory, 1), VERSIONS);
            store.add(id, report(1, .5), List.of());
            store.add(id, report(2, .6), List.of());
            store.add(id, report(2, .7), List.of()); // run again
            store.add(id, report(3, .8), List.of());
            store.keepUpTo(id, 2);
        }
        try (TrackingStore store = new TrackingStore(file)) {
            assertThat(store.begin("test", "seed: 1", run(directory, 1), VERSIONS))
                    .as("the same run")
                    .isEqualTo(id);
            assertThat(store.begin("test", "seed: 2", run(directory, 2), VERSIONS))
                    .as("another")
                    .isNotEqualTo(id);
            assertThat(store.read().metric(id, "test/accuracy")).isEqualTo(Map.of(1, .5, 2, .7));
            assertThat(store.read().lastOfClients(id, "train/loss")).hasSize(10).containsEntry(4, 6.0);
            assertThat(store.read().lastOfClients(id, "client/test/accuracy")).isEqualTo(Map.of(3, .35));
            assertThat(store.read().bytes(id)).isEqualTo(600);
            StoredRun stored = store.read().all().get(0);
            assertThat(stored.rounds()).isEqualTo(2);
            assertThat(stored.status()).isEqualTo("running");
            assertThat(stored.stateSha256()).isEmpty();
            assertThat(store.read().settings(id)).containsEntry("seed", "1").containsEntry("data.clients", "100");
        }
    }

    @Test
    void keepsWhatBecameOfTasks() throws IOException {
        try (TrackingStore store = new TrackingStore(directory.resolve("runs.db"))) {
            int id = store.begin("test", "yaml", run(directory, 1), VERSIONS);
            store.add(id, report(1, .5), tasks(1));
            store.add(id, report(2, .6), tasks(2));
            store.add(id, report(2, .6), tasks(2)); // run again
            List<TaskRecord> expected = new ArrayList<>(tasks(1));
            expected.addAll(tasks(2));
            assertThat(store.read().tasks(id)).isEqualTo(expected);
            store.keepUpTo(id, 1);
            assertThat(store.read().tasks(id)).isEqualTo(tasks(1));
            assertThat(store.read().versions(id)).isEqualTo(VERSIONS);
        }
    }

    @Test
    void keepsValuesThatAreNoNumbers() throws IOException {
        try (TrackingStore store = new TrackingStore(directory.resolve("runs.db"))) {
            int id = store.begin("test", "yaml", run(directory, 1), VERSIONS);
            store.add(id, report(1, Double.NaN), List.of());
            assertThat(store.read().metric(id, "test/accuracy").get(1)).isNaN();
            assertThat(store.read().last(id, "test/loss").orElseThrow()).isNaN();
            assertThat(store.read().lastOfClients(id, "client/test/accuracy").get(3))
                    .isNaN();
        }
    }

    @Test
    void knowsRunsThatWaitAndForgetsThoseThatAreNoLongerDeclared() throws IOException {
        try (TrackingStore store = new TrackingStore(directory.resolve("runs.db"))) {
            ExperimentFile.Run one = run(directory, 1);
            ExperimentFile.Run two = run(directory, 2);
            ExperimentFile.Run three = run(directory, 3);
            store.declare("test", "yaml", List.of(one, two));
            store.begin("test", "yaml", one, VERSIONS);
            assertThat(store.read().all()).extracting(StoredRun::status).containsExactly("running", "waiting");
            store.declare("test", "yaml", List.of(one, three));
            assertThat(store.read().all()).extracting(StoredRun::seed).containsExactly(1L, 3L);
        }
    }

    @Test
    void refusesAStoreOfAnotherVersion() throws Exception {
        Path file = directory.resolve("runs.db");
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
                Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA user_version = 7");
        }
        assertThatThrownBy(() -> new TrackingStore(file)).hasMessage("schema of " + file + " must be 2, but was 7");
    }

    @Test
    void keepsWhyARunFailedUntilItGoesOn() throws IOException {
        try (TrackingStore store = new TrackingStore(directory.resolve("runs.db"))) {
            int id = store.begin("test", "yaml", run(directory, 1), VERSIONS);
            store.add(id, report(1, .5), List.of());
            store.fail(id, "client 8 failed", tasks(2));
            assertThat(store.read().all().get(0).status()).isEqualTo("failed");
            assertThat(store.read().events(id)).contains(new TrackedRuns.Event(2, -1, "RUN FAILED", "client 8 failed"));
            assertThat(store.read().tasks(id)).hasSize(10);
            store.begin("test", "yaml", run(directory, 1), VERSIONS);
            store.keepUpTo(id, 1);
            assertThat(store.read().all().get(0).status()).isEqualTo("running");
            assertThat(store.read().events(id)).noneMatch(event -> event.kind().equals("RUN FAILED"));
            assertThat(store.read().tasks(id)).isEmpty();
        }
    }

    @Test
    void findsOneRunByTheStartOfItsKey() throws IOException {
        try (TrackingStore store = new TrackingStore(directory.resolve("runs.db"))) {
            assertThatThrownBy(() -> store.read().one(Optional.empty()))
                    .hasMessage("run must be the start of exactly one of [], but was left out");
            store.begin("test", "yaml", run(directory, 1), VERSIONS);
            StoredRun one = store.read().one(Optional.empty());
            store.begin("test", "yaml", run(directory, 2), VERSIONS);
            assertThat(store.read().one(Optional.of(one.key()))).isEqualTo(one);
            assertThatThrownBy(() -> store.read().one(Optional.empty()))
                    .hasMessageMatching("run must be the start of exactly one of \\[\\w+, \\w+], but was left out");
            assertThatThrownBy(() -> store.read().one(Optional.of("no such"))).hasMessageEndingWith("but was no such");
        }
    }

    /** Four writers at once, each with a connection of its own. */
    @Test
    void severalMayWriteAtOnce() throws Exception {
        Path file = directory.resolve("runs.db");
        ExecutorService writers = Executors.newFixedThreadPool(4);
        List<ExperimentFile.Run> runs = new ArrayList<>();
        for (int seed = 0; seed < 4; seed++) {
            runs.add(run(directory, seed));
        }
        List<Future<?>> futures = new ArrayList<>();
        for (ExperimentFile.Run run : runs) {
            futures.add(writers.submit(() -> {
                try (TrackingStore store = new TrackingStore(file)) {
                    int id = store.begin("test", "yaml", run, VERSIONS);
                    for (int round = 1; round <= 50; round++) {
                        store.add(id, report(round, .5), List.of());
                    }
                }
            }));
        }
        for (Future<?> future : futures) {
            future.get();
        }
        writers.shutdown();
        try (TrackingStore store = new TrackingStore(file)) {
            assertThat(store.read().all())
                    .hasSize(4)
                    .allSatisfy(run -> assertThat(run.rounds()).isEqualTo(50));
        }
    }

    /** Who opens a file that does not exist yet makes it one for many writers, which others must wait for. */
    @Test
    void severalMayMakeTheFileAtOnce() throws Exception {
        int writers = 8;
        ExecutorService threads = Executors.newFixedThreadPool(writers);
        CyclicBarrier together = new CyclicBarrier(writers);
        for (int turn = 0; turn < 40; turn++) {
            Path file = directory.resolve("runs-" + turn + ".db");
            List<Future<?>> futures = new ArrayList<>();
            for (int writer = 0; writer < writers; writer++) {
                futures.add(threads.submit(() -> {
                    together.await();
                    new TrackingStore(file).close();
                    return null;
                }));
            }
            for (Future<?> future : futures) {
                future.get();
            }
        }
        threads.shutdown();
        assertThat(directory.resolve("runs-39.db")).exists();
    }
}
