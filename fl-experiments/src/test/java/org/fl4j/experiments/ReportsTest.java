package org.fl4j.experiments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.fl4j.execution.TaskRecord;
import org.fl4j.experiments.TrackedRuns.StoredRun;
import org.fl4j.experiments.report.ComparisonReport;
import org.fl4j.experiments.report.RunReport;
import org.fl4j.message.ClientId;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One experiment of two runs on a simulated clock, with local privacy and monitoring; and what is made of it. */
class ReportsTest {
    @TempDir
    static Path directory;

    @BeforeAll
    static void run() throws IOException {
        Path file = Files.writeString(directory.resolve("declared.yaml"), """
            name: reported <&>
            data: {clients: 20}
            model: softmax
            cohort: 5
            rounds: 5
            clientEvaluationEvery: 5
            privacy: "local-dp:epsilon=100"
            world: {name: lognormal, timeout: 1000}
            execution: {monitor: true, order: largest-first, attempts: 2}
            seeds: [1, 2]
            """);
        PrintStream silent = new PrintStream(new ByteArrayOutputStream(), false, StandardCharsets.UTF_8);
        new ExperimentRunner(directory, silent, new RunnerOptions(true, true, Optional.empty(), Optional.empty()))
                .run(file);
        try (TrackingStore store = new TrackingStore(ExperimentRunner.store(directory))) {
            TrackedRuns runs = store.read();
            ComparisonReport.write(runs, ReportsTest::partition, directory.resolve("comparison.html"));
            RunReport.write(runs, first(runs), partition(first(runs)), directory.resolve("run.html"));
        }
    }

    private static StoredRun first(TrackedRuns runs) {
        return runs.all().get(0);
    }

    private static Path partition(StoredRun run) {
        return ExperimentRunner.own(directory, run.key()).resolve("partition.csv");
    }

    private static void needsNothingElse(String html) {
        assertThat(html)
                .doesNotContain("<script", "http://", "https://", "<link", "src=")
                .contains("reported &lt;&amp;&gt;");
    }

    @Test
    void comparesRunsInOneFile() throws IOException {
        String html = Files.readString(directory.resolve("comparison.html"));
        needsNothingElse(html);
        assertThat(html)
                .contains(
                        "all (2 of 2 seeds finished)",
                        "<h2>test/accuracy</h2>",
                        "<h2>privacy/epsilon</h2>",
                        "<h2>Last round of finished runs, mean over seeds (least to most)</h2>",
                        "<h2>Accuracy on clients' own test examples, last round that measured it</h2>",
                        "<h2>Partition iid for 20 clients, seed 1: examples by client (across) and class (down)</h2>",
                        "<h2>Runs</h2>",
                        "<td>privacy</td><td>local-dp:epsilon=100</td>",
                        "<td>seed</td><td>1, 2</td>",
                        "<td>PyTorch</td>");
    }

    @Test
    void tellsAllOfARunInOneFile() throws IOException {
        String html = Files.readString(directory.resolve("run.html"));
        needsNothingElse(html);
        assertThat(html)
                .contains(
                        "<h2>Accuracy</h2>",
                        "<h2>Loss</h2>",
                        "<h2>Accuracy on clients' own test examples, last round that measured it</h2>",
                        "<th class=\"n\">worst 10 %</th>",
                        "<h2>Rounds in which a client's update was folded, of those who had any</h2>",
                        "<h2>Partition: examples by client (across) and class (down)</h2>",
                        "<h2>Simulated clock: clients at work, rounds 1 to 5</h2>",
                        "<h2>This machine: threads at work, rounds 1 to 5</h2>",
                        "<h2>Where the time of all tasks went</h2><pre>45 tasks on ", // 5 rounds of 5, and 20
                        // evaluations
                        "<h2>Megabytes sent so far</h2>",
                        "<h2>Privacy spent: epsilon</h2>",
                        "<td>privacy/noise scale</td>",
                        "<h2>Resources, shares in use</h2>",
                        "<td>state SHA-256</td>",
                        "<td>execution.attempts</td><td>2</td>",
                        "<td>FL4J</td>");
    }

    @Test
    void recordsWhatEachTaskSpent() throws IOException {
        try (TrackingStore store = new TrackingStore(ExperimentRunner.store(directory))) {
            List<TaskRecord> tasks = store.read().tasks(first(store.read()).id());
            assertThat(tasks).hasSize(45);
            assertThat(tasks)
                    .filteredOn(task -> task.id().kind().equals("train"))
                    .hasSize(25)
                    .allSatisfy(task -> {
                        assertThat(task.metrics().value("privacy/release epsilon"))
                                .isPositive();
                        assertThat(task.metrics().value("privacy/noise scale")).isPositive();
                        assertThat(task.metrics().value("privacy/gaussian multiplier"))
                                .isPositive();
                        assertThat(task.metrics().value("resource/memory")).isPositive();
                        assertThat(task.updateSha256()).isPresent();
                    });
        }
        Path own = ExperimentRunner.own(directory, firstOf().key());
        assertThat(Files.readAllLines(own.resolve("tasks.log")))
                .hasSize(45)
                .anySatisfy(
                        line -> assertThat(line).contains("train: succeeded").contains("privacy/noise scale"));
        assertThat(Files.readAllLines(own.resolve("tasks.jsonl"))).hasSize(45);
    }

    private static StoredRun firstOf() {
        try (TrackingStore store = new TrackingStore(ExperimentRunner.store(directory))) {
            return first(store.read());
        }
    }

    @Test
    void exportsMetrics() throws IOException {
        Path csv = directory.resolve("out/metrics.csv");
        try (TrackingStore store = new TrackingStore(ExperimentRunner.store(directory))) {
            MetricsExport.csv(store.read(), csv);
            MetricsExport.tensorBoard(store.read(), directory, directory.resolve("events"));
            double accuracy =
                    store.read().last(first(store.read()).id(), "test/accuracy").orElseThrow();
            assertThat(Files.readAllLines(csv))
                    .startsWith("experiment,run,label,seed,round,metric,value")
                    .contains("reported <&>," + first(store.read()).key() + ",all,1,5,test/accuracy," + accuracy);
        }
        for (String folder : List.of("events", "tensorboard")) { // afterwards, and while the runs went on
            for (int seed = 1; seed <= 2; seed++) {
                try (Stream<Path> events = Files.list(directory.resolve(folder).resolve("all_seed" + seed))) {
                    assertThat(events.toList())
                            .singleElement()
                            .satisfies(file -> assertThat(
                                            new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1))
                                    .contains("brain.Event:2", "test/accuracy", "resource/cpu"));
                }
            }
        }
    }

    @Test
    void replaysOneUpdate() {
        StoredRun run = firstOf();
        TaskRecord task;
        try (TrackingStore store = new TrackingStore(ExperimentRunner.store(directory))) {
            task = store.read().tasks(run.id()).stream()
                    .filter(any -> any.id().round() == 4 && any.id().kind().equals("train"))
                    .findFirst()
                    .orElseThrow();
        }
        Replay replay =
                Replay.of(directory, Optional.of(run.key()), 4, task.id().client());
        assertThat(replay.isSame()).as(replay.toString()).isTrue();
        assertThat(replay.recorded()).isEqualTo(task.updateSha256().orElseThrow());
        assertThatThrownBy(() -> Replay.of(directory, Optional.of(run.key()), 9, new ClientId(1)))
                .hasMessage("round and client must be of a recorded update of run " + run.key()
                        + ", but was round 9, client 1");
    }

    private static Optional<Path> chromium() {
        return Stream.of("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
                .map(Path::of)
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** Opens both in headless Chromium, if there is one, and looks at screenshots. */
    @Test
    void showCurvesAndBarsInABrowser() throws IOException, InterruptedException {
        Optional<Path> browser = chromium();
        assumeTrue(browser.isPresent(), "no Chromium in /usr/bin: reports are not opened in a browser");
        for (String name : List.of("comparison", "run")) {
            Path screenshot = directory.resolve(name + ".png");
            Process process = new ProcessBuilder(
                            browser.get().toString(),
                            "--headless",
                            "--no-sandbox",
                            "--disable-gpu",
                            "--disable-quic",
                            "--no-first-run",
                            "--disable-background-networking",
                            "--disable-component-update",
                            "--disable-sync",
                            "--user-data-dir=" + directory.resolve("profile"),
                            "--window-size=900,3600",
                            "--screenshot=" + screenshot,
                            directory.resolve(name + ".html").toUri().toString())
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve("chromium.log").toFile())
                    .start();
            assertThat(process.waitFor(60, TimeUnit.SECONDS))
                    .as("Chromium ends")
                    .isTrue();
            BufferedImage image = ImageIO.read(screenshot.toFile());
            assertThat(IntStream.range(0, image.getWidth() * image.getHeight())
                            .map(i -> image.getRGB(i % image.getWidth(), i / image.getWidth()))
                            .filter(rgb -> (rgb & 0xffffff) == 0x1f77b4)
                            .count())
                    .as("pixels of curves and bars in " + name)
                    .isGreaterThan(500);
        }
    }
}
