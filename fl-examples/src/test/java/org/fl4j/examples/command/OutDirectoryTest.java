package org.fl4j.examples.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.fl4j.examples.command.Commands.hash;
import static org.fl4j.examples.command.Commands.run;
import static org.fl4j.examples.command.Commands.small;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.fl4j.examples.command.Commands.Outcome;
import org.fl4j.experiments.ExperimentFile;
import org.fl4j.experiments.ExperimentRunner;
import org.fl4j.experiments.TrackingStore;
import org.fl4j.fixture.ForeignReaders;
import org.fl4j.internal.DirectoryLock;
import org.fl4j.simulation.JsonLinesListener;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What commands do in the directory of {@code --out}, and what they refuse to do there. */
class OutDirectoryTest {
    @TempDir
    Path directory;

    private String[] into(Path out, String... more) {
        return Commands.with(small("--out", out.toString()), more);
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource({
        "--client-lr, 0.5, training.learningRate.rate was 0.1 when the run began and is 0.5 now",
        "--partition, shards:2, data was float32 of shape",
        "--aggregator, median, aggregator was org.fl4j.server.FedAvg when the run began and is",
        "--algorithm, scaffold, aggregator was org.fl4j.server.FedAvg when the run began and is",
        "--privacy, central-dp:epsilon=8, aggregator was org.fl4j.server.FedAvg when the run began and is"
    })
    void resumesOnlyWithTheSettingsThatItBeganWith(String option, String value, String difference) {
        assertThat(run(into(directory)).code()).isZero();
        Outcome changed = run(into(directory, "--resume", "--rounds", "4", option, value));
        assertThat(changed.code()).isEqualTo(1);
        assertThat(changed.err())
                .contains("cannot be resumed from with other settings: ")
                .contains(difference);
    }

    @Test
    void resumesAPrivateRunOnlyWithItsPrivacy() {
        String[] clipped = into(directory, "--privacy", "central-dp:epsilon=8,clippingBound=0.5");
        assertThat(run(clipped).code()).isZero();
        assertThat(run(into(directory, "--resume", "--rounds", "4")).err())
                .contains("central.CentralDp when the run began");
        String[] other =
                into(directory, "--resume", "--rounds", "2", "--privacy", "central-dp:epsilon=8,clippingBound=0.6");
        assertThat(run(other).err()).contains("was 0.5 when the run began and is 0.6 now");
    }

    @Test
    void onlyOneRunWritesToADirectory() throws IOException {
        assertThat(run(into(directory)).code()).isZero();
        List<String> lines = Files.readAllLines(directory.resolve("rounds.jsonl"));
        try (DirectoryLock lock = DirectoryLock.of(directory)) {
            lock.requireThere();
            Outcome second = run(into(directory, "--resume", "--rounds", "4"));
            assertThat(second.code()).isEqualTo(2);
            assertThat(second.err()).contains("directory must not be in use by another run, but was " + directory);
        }
        assertThat(directory.resolve("rounds.jsonl")).hasContent(String.join("\n", lines));
        assertThat(run(into(directory, "--resume", "--rounds", "4")).code()).isZero();
        assertThat(JsonLinesListener.read(directory.resolve("rounds.jsonl"))).hasSize(4);
    }

    @Test
    void aDeclaredExperimentKeepsItsDirectory() throws IOException {
        Path file = Files.writeString(
                directory.resolve("sweep.yaml"), "data: {clients: 20}\nmodel: softmax\ncohort: 4\nrounds: 1\n");
        Path out = directory.resolve("sweep");
        assertThat(run("run", file.toString(), "--out", out.toString()).code()).isZero();
        Outcome refused = run(into(out));
        assertThat(refused.code()).isEqualTo(2);
        assertThat(refused.err())
                .contains("--out must be a directory of its own, but was " + out
                        + ", which belongs to a declared experiment");
        assertThat(out.resolve("rounds.jsonl")).doesNotExist();
        assertThat(out.resolve("checkpoints")).doesNotExist();
    }

    @Test
    void aRunThatLearnedNothingSaysSoInItsExitCode() throws IOException {
        Outcome nothing = run(into(directory, "--client-lr", "1e38"));
        assertThat(nothing.code()).isEqualTo(1);
        assertThat(nothing.out()).contains("end             no update was accepted in any round: nothing was learned");
        for (String line : Files.readAllLines(directory.resolve("rounds.jsonl"))) {
            ForeignReaders.strictJson(line);
        }
        Path file = Files.writeString(
                directory.resolve("sweep.yaml"),
                "data: {clients: 20}\nmodel: softmax\ncohort: 4\nrounds: 1\ntraining: {learningRate: 1e38}\n");
        Path out = directory.resolve("sweep");
        Outcome sweep = run("run", file.toString(), "--out", out.toString());
        assertThat(sweep.code()).isEqualTo(1);
        assertThat(sweep.out()).contains("failed: no update was accepted in any round, so nothing was learned");
        assertThat(run("list", out.toString()).out()).contains("no_updates");
    }

    /** The loss stays finite, and its square does not. */
    @Test
    void everyLineIsJsonWhateverWasMeasured() throws IOException {
        assertThat(run(into(directory, "--client-lr", "1e30")).code()).isZero();
        for (String line : Files.readAllLines(directory.resolve("rounds.jsonl"))) {
            ForeignReaders.strictJson(line);
        }
        assertThat(JsonLinesListener.read(directory.resolve("rounds.jsonl")))
                .anySatisfy(report ->
                        assertThat(report.metrics().find("metrics/not finite")).isPresent());
    }

    @Test
    void aDirectoryThatIsRemovedInMidRunIsAnError() throws IOException {
        Path out = directory.resolve("own");
        PlugInStrategies.REMOVED.set(out);
        Outcome lost = run(into(out, "--server-optimizer", "removing", "--rounds", "3"));
        assertThat(lost.code()).isEqualTo(1);
        assertThat(lost.err()).contains("directory must stay while a run writes to it, but " + out + " was removed");
        assertThat(out).doesNotExist();
    }

    @Test
    void aSweepsDirectoryThatIsRemovedInMidRunIsAnError() throws IOException {
        Path file = Files.writeString(
                directory.resolve("sweep.yaml"),
                "data: {clients: 20}\nmodel: softmax\ncohort: 4\nrounds: 3\nserverOptimizer: removing\n");
        Path out = directory.resolve("sweep");
        PlugInStrategies.REMOVED.set(out);
        Outcome lost = run("run", file.toString(), "--out", out.toString(), "--no-progress");
        assertThat(lost.code()).isEqualTo(1);
        assertThat(out).doesNotExist();
    }

    @Test
    void runSaysWhatItChecksAndLeavesADirectoryThatCanBeResumed() throws IOException {
        Path file = Files.writeString(
                directory.resolve("sweep.yaml"),
                "data: {source: " + directory.resolve("missing")
                        + ", clients: 20}\nmodel: softmax\ncohort: 4\nrounds: 1\n");
        Path out = directory.resolve("sweep");
        Outcome broken = run("run", file.toString(), "--out", out.toString());
        assertThat(broken.code()).isEqualTo(2);
        assertThat(broken.out()).contains("checking 1 runs").contains("loading mnist " + directory.resolve("missing"));
        Outcome resumed = run("resume", out.toString());
        assertThat(resumed.err())
                .contains(directory.resolve("missing").toString())
                .doesNotContain("one that is there");
        assertThat(run("list", out.toString()).out()).contains("waiting");
    }

    /** The store of a killed process says that the run goes on; nobody holds the directory any more. */
    @Test
    void aKilledRunIsListedAsBrokenOff() throws IOException {
        Path file = Files.writeString(
                directory.resolve("sweep.yaml"), "data: {clients: 20}\nmodel: softmax\ncohort: 4\nrounds: 1\n");
        Path out = Files.createDirectories(directory.resolve("sweep"));
        try (TrackingStore store = new TrackingStore(ExperimentRunner.store(out))) {
            store.begin("killed", "", ExperimentFile.read(file).runs().get(0), Map.of());
        }
        assertThat(run("list", out.toString()).out()).contains("broken off").doesNotContain("running");
        try (DirectoryLock lock = DirectoryLock.of(out)) {
            lock.requireThere();
            assertThat(run("list", out.toString()).out()).contains("running").doesNotContain("broken off");
        }
    }

    @Test
    void onlyWholeWordsForReasons() {
        Outcome unwritable = run(into(Path.of("/proc/nowhere")));
        assertThat(unwritable.code()).isEqualTo(1);
        assertThat(unwritable.err()).contains("cannot lock /proc/nowhere: no such file");
        assertThat(hash(run(small()))).hasSize(64);
    }
}
