package org.fl4j.examples.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.fl4j.experiments.ExperimentRunner;
import org.fl4j.experiments.RunnerOptions;
import org.fl4j.experiments.TrackedRuns.StoredRun;
import org.fl4j.experiments.TrackingStore;
import org.fl4j.simulation.JsonLinesListener;
import org.fl4j.simulation.RoundReport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A process that runs a sweep is killed twice and resumed: models, updates, rounds and lines are those of an
 * undisturbed sweep.
 */
class KilledSweepIT {
    @TempDir
    Path directory;

    private static final String SWEEP = """
            name: killed
            data: {clients: 20}
            model: softmax
            cohort: 4
            rounds: 30
            serverOptimizer: gate
            seeds: [1, 2]
            sweep: {algorithm: [fedprox, scaffold]}
            """;

    /**
     * Kills the process while the n-th of its runs that get so far is in the middle of a round: no clients train, and
     * the round is in no file yet.
     */
    private static void runUntil(Path file, Path out, int run, int round) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-D" + PlugInStrategies.GATE_STEP + "=" + round,
                        "-D" + PlugInStrategies.GATE_RUN + "=" + run,
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        "run",
                        file.toString(),
                        "--out",
                        out.toString(),
                        "--no-progress")
                .redirectErrorStream(true)
                .start();
        List<String> said = new ArrayList<>();
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            String line = lines.readLine();
            while (line != null && !line.contains(PlugInStrategies.WAITING)) {
                said.add(line);
                line = lines.readLine();
            }
            assertThat(line).as(String.join("\n", said)).isNotNull();
        } finally {
            process.destroyForcibly().waitFor(); // kill -9
        }
        assertThat(process.exitValue()).isNotZero();
    }

    private static int storedRounds(Path out) {
        try (TrackingStore store = new TrackingStore(ExperimentRunner.store(out))) {
            return store.read().all().stream().mapToInt(StoredRun::rounds).sum();
        }
    }

    private static Map<String, String> hashes(Path out) {
        Map<String, String> hashes = new TreeMap<>();
        try (TrackingStore store = new TrackingStore(ExperimentRunner.store(out))) {
            for (StoredRun run : store.read().all()) {
                hashes.put(run.key(), run.status() + " " + run.stateSha256().orElse("-"));
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
        runUntil(file, out, /* run= */ 1, /* round= */ 13);
        assertThat(storedRounds(out)).isEqualTo(12);
        runUntil(file, out, /* run= */ 2, /* round= */ 11); // the first of this process has round 11 behind it
        assertThat(storedRounds(out)).isEqualTo(30 + 30 + 10);
        PrintStream silent = new PrintStream(new ByteArrayOutputStream(), false, StandardCharsets.UTF_8);
        new ExperimentRunner(out, silent, RunnerOptions.none()).run(ExperimentRunner.file(out));
        Path undisturbed = directory.resolve("undisturbed");
        new ExperimentRunner(undisturbed, silent, RunnerOptions.none()).run(file);
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
                    .hasSize(2); // those that were killed in mid-run
        }
    }
}
