package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.ServerOptimizer;
import org.fl4j.core.UpdateWeighting;
import org.fl4j.message.ServerState;
import org.fl4j.model.LearningTask;
import org.fl4j.model.Models;
import org.fl4j.registry.StrategyRegistry;
import org.fl4j.server.FedAvg;
import org.fl4j.server.UniformSelector;
import org.fl4j.tensor.TensorEngine;
import org.junit.jupiter.api.Test;

class CheckpointFilesTest extends RunSetup {
    @Test
    void refusesACheckpointWithAFlippedBit() throws Exception {
        Path file = checkpointOf(setup());
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 100] ^= 1;
        Files.write(file, bytes);
        assertCannotResume(
                setup(),
                "checkpoint " + file + ": cannot be read: the values do not have the SHA-256 they were saved with."
                        + OLDER_IS_GOOD);
    }

    @Test
    void refusesATruncatedCheckpoint() throws Exception {
        Path file = checkpointOf(setup());
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, bytes.length - 7));
        assertCannotResume(
                setup(),
                "checkpoint " + file + ": cannot be read: " + file + ": the end is missing, 7 bytes." + OLDER_IS_GOOD);
    }

    @Test
    void refusesAFileThatIsNoCheckpoint() throws Exception {
        Path file = checkpointOf(setup());
        Files.writeString(file, "{}");
        assertThatThrownBy(() -> setup().rounds(9)
                        .checkpoints(directory, 1)
                        .resume(true)
                        .build()
                        .run())
                .isInstanceOf(CheckpointException.class)
                .hasMessageStartingWith("checkpoint " + file + ": cannot be read: ");
    }

    @Test
    void saysWhichCheckpointCannotBeWritten() throws Exception {
        Path notADirectory = Files.createFile(directory.resolve("file"));
        Simulation simulation = setup().checkpoints(notADirectory, 1).build();
        assertThatThrownBy(simulation::run)
                .isInstanceOf(CheckpointException.class)
                .hasMessage("checkpoint " + notADirectory + ": cannot lock " + notADirectory + ": file already exists");
    }

    @Test
    void recordsRoundsAsCsvAndJsonLinesAndTakesBackWhatAResumeRepeats() throws Exception {
        Path csv = directory.resolve("rounds.csv");
        Path json = directory.resolve("rounds.jsonl");
        SimulationBuilder builder = setup().checkpoints(directory.resolve("checkpoints"), 3)
                .listener(new CsvListener(csv, List.of("test/accuracy", "no such metric")))
                .listener(new JsonLinesListener(json))
                .listener(new LogListener());
        // ends like a crash after round 5, with a checkpoint of round 3
        Simulation crashing = builder.rounds(6)
                .listener(new RunListener() {
                    @Override
                    public void roundEnded(RoundReport report, ServerState state) {
                        if (report.round() == 5) {
                            throw new IllegalStateException("disk full");
                        }
                    }
                })
                .build();
        assertThatThrownBy(crashing::run).hasMessage("disk full");
        assertThat(Files.readAllLines(csv)).hasSize(6);
        Files.writeString(json, "{\"round\": 6, \"metr", StandardOpenOption.APPEND);
        String third = Files.readAllLines(csv).get(3);

        try (RunResult result = setup().rounds(6)
                .checkpoints(directory.resolve("checkpoints"), 3)
                .resume(true)
                .listener(new CsvListener(csv, List.of("test/accuracy", "no such metric")))
                .listener(new JsonLinesListener(json))
                .build()
                .run()) {
            List<String> lines = Files.readAllLines(csv);
            assertThat(lines.get(0))
                    .isEqualTo("round,test/accuracy,no such metric,accepted,rejected,failed,"
                            + "bytes_down,bytes_up,train_seconds,evaluation_seconds");
            assertThat(lines).hasSize(7);
            assertThat(lines.get(3)).isEqualTo(third);
            assertThat(lines.get(6))
                    .startsWith("6," + result.finalMetrics().value("test/accuracy") + ",,5,0,0,157000,157000,");
            List<RoundReport> read = new ArrayList<>();
            for (String line : Files.readAllLines(json)) {
                read.add(ReportJson.read(JsonParser.parseString(line).getAsJsonObject()));
            }
            assertThat(read).isEqualTo(result.history());
        }
    }

    /** Federated averaging needs no other module than this one. */
    @Test
    void runsFedAvgByNames() {
        StrategyRegistry registry = StrategyRegistry.load();
        SimulationBuilder named = setup().selector(registry.parse(ClientSelector.class, "uniform"))
                .aggregator(registry.parse(Aggregator.class, "fedavg:weighting=uniform"))
                .serverOptimizer(registry.parse(ServerOptimizer.class, "plain:learningRate=1"));
        SimulationBuilder typed =
                setup().selector(new UniformSelector()).aggregator(new FedAvg(UpdateWeighting.uniform()));
        try (RunResult one = named.build().run();
                RunResult two = typed.build().run()) {
            assertThat(one.stateSha256()).isEqualTo(two.stateSha256());
        }
    }

    @Test
    void checkpointsAreReadOutsideOfRuns() {
        try (RunResult result = setup().checkpoints(directory, 2).build().run();
                NDManager own = TensorEngine.newManager(Device.cpu())) {
            Path file = Checkpoint.latest(directory).orElseThrow();
            Checkpoint loaded = Checkpoint.load(file, Fixtures.softmax(), own);
            assertThat(loaded.state().sha256()).isEqualTo(result.stateSha256());
            assertThat(loaded.history()).hasSameSizeAs(result.history());
            LearningTask other = Models.softmaxRegression(new Shape(1, 28, 28), 11);
            assertThatThrownBy(() -> Checkpoint.load(file, other, own))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining(file.toString());
        }
    }
}
