package org.fl4j.examples.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.fl4j.examples.Main;
import org.fl4j.examples.experiment.TrackedRuns.StoredRun;
import org.fl4j.simulation.JsonLinesListener;
import org.fl4j.simulation.RoundReport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that runs a sweep is killed twice, and gone on with: models, updates, rounds and lines are those of an undisturbed sweep. */
class KilledSweepIT {
    @TempDir
    Path directory;

    private static final String SWEEP = """
            name: killed
            data: {clients: 20}
            model: softmax
            cohort: 4
            rounds: 30
            seeds: [1, 2]
            sweep: {algorithm: [fedprox, scaffold]}
            """;

    private void runUntilRounds(Path file, Path out, int rounds) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        "run",
                        file.toString(),
                        "--out",
                        out.toString(),
                        "--no-progress")
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("log").toFile())
                .start();
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
        while (!Files.exists(ExperimentRunner.store(out)) || stored(out) < rounds) {
            assertThat(System.nanoTime()).as("rounds in time").isLessThan(deadline);
            assertThat(process.isAlive())
                    .as(Files.readString(directory.resolve("log")))
                    .isTrue();
            Thread.sleep(20);
        }
        assertThat(process.toHandle().destroyForcibly()).isTrue(); // kill -9
        assertThat(process.waitFor()).isNotZero();
    }

    private static int stored(Path out) {
        try (TrackingStore store = new TrackingStore(ExperimentRunner.store(out))) {
            return store.read().all().stream().mapToInt(StoredRun::rounds).sum();
        } catch (IllegalStateException e) {
            return 0; // its tables are being made
        }
    }

    private static Map<String, String> hashes(Path out) {
        Map<String, String> hashes = new TreeMap<>();
        try (TrackingStore store = new TrackingStore(ExperimentRunner.store(out))) {
            for (StoredRun run : store.read().all()) {
                hashes.put(run.key(), run.status() + " " + run.modelSha256().orElse("-"));
                store.read()
                        .tasks(run.id())
                        .forEach(task -> hashes.put(
                                run.key() + " " + task.id(), task.updateSha256().orElse("-")));
            }
        }
        return hashes;
    }

    @Test
    void endsAsIfNothingHadHappened() throws Exception {
        Path file = Files.writeString(directory.resolve("killed.yaml"), SWEEP);
        Path out = directory.resolve("killed");
        runUntilRounds(file, out, 12);
        runUntilRounds(file, out, 70);
        PrintStream silent = new PrintStream(new ByteArrayOutputStream(), false, StandardCharsets.UTF_8);
        new ExperimentRunner(out, silent, Extras.none()).run(ExperimentRunner.file(out));
        Path undisturbed = directory.resolve("undisturbed");
        new ExperimentRunner(undisturbed, silent, Extras.none()).run(file);
        assertThat(hashes(out)).hasSize(4 + 4 * 30 * 4).isEqualTo(hashes(undisturbed));
        try (TrackingStore store = new TrackingStore(ExperimentRunner.store(out))) {
            for (StoredRun run : store.read().all()) {
                List<RoundReport> reports = JsonLinesListener.read(
                        ExperimentRunner.own(out, run.key()).resolve("rounds.jsonl"));
                assertThat(reports)
                        .extracting(RoundReport::round)
                        .isSorted()
                        .doesNotHaveDuplicates()
                        .hasSize(30);
                assertThat(store.read().costs(run.id())).hasSize(30);
            }
            assertThat(store.read().all().stream().filter(run -> store.read().lastSession(run.id()) > 1))
                    .hasSizeBetween(1, 2); // those that were killed in mid-run
        }
    }
}
