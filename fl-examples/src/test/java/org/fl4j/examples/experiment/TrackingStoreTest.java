package org.fl4j.examples.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.fl4j.core.ClientId;
import org.fl4j.core.Rejection;
import org.fl4j.core.RejectionReason;
import org.fl4j.examples.experiment.TrackingStore.StoredRun;
import org.fl4j.metrics.Metrics;
import org.fl4j.simulation.ClientFailure;
import org.fl4j.simulation.RoundReport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrackingStoreTest {
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
                Map.of(new ClientId(3), Metrics.of("client/accuracy", accuracy / 2, 1)),
                List.of(new Rejection(new ClientId(7), RejectionReason.LATE, "too late")),
                List.of(new ClientFailure(new ClientId(8), "lost")),
                Metrics.of("test/accuracy", accuracy, 1).merge(Metrics.of("test/loss", 1 / accuracy, 1)),
                100,
                200,
                .5,
                .1);
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
            id = store.begin("test", "seed: 1", run(directory, 1));
            store.add(id, report(1, .5));
            store.add(id, report(2, .6));
            store.add(id, report(2, .7)); // run again
            store.add(id, report(3, .8));
            store.keepUpTo(id, 2);
        }
        try (TrackingStore store = new TrackingStore(file)) {
            assertThat(store.begin("test", "seed: 1", run(directory, 1)))
                    .as("the same run")
                    .isEqualTo(id);
            assertThat(store.begin("test", "seed: 2", run(directory, 2)))
                    .as("another")
                    .isNotEqualTo(id);
            assertThat(store.metric(id, "test/accuracy")).isEqualTo(Map.of(1, .5, 2, .7));
            assertThat(store.clientMetric(id, "train/loss")).hasSize(10).containsEntry(4, 6.0);
            assertThat(store.clientMetric(id, "client/accuracy")).isEqualTo(Map.of(3, .35));
            assertThat(store.bytes(id)).isEqualTo(600);
            StoredRun stored = store.runs().get(0);
            assertThat(stored.rounds()).isEqualTo(2);
            assertThat(stored.status()).isEqualTo("running");
            assertThat(stored.modelSha256()).isEmpty();
            assertThat(store.settings(id)).containsEntry("seed", "1").containsEntry("data.clients", "100");
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
                    int id = store.begin("test", "yaml", run);
                    for (int round = 1; round <= 50; round++) {
                        store.add(id, report(round, .5));
                    }
                }
            }));
        }
        for (Future<?> future : futures) {
            future.get();
        }
        writers.shutdown();
        try (TrackingStore store = new TrackingStore(file)) {
            assertThat(store.runs())
                    .hasSize(4)
                    .allSatisfy(run -> assertThat(run.rounds()).isEqualTo(50));
        }
    }
}
