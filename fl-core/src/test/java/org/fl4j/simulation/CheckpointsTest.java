package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.types.Shape;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.fl4j.data.Partition;
import org.fl4j.model.Models;
import org.junit.jupiter.api.Test;

class CheckpointsTest extends RunSetup {
    @Test
    void goesOnWithWhatStrategiesRemember() {
        SimulationBuilder remembering = setup().serverOptimizer(REMEMBERING);
        remembering.rounds(2).checkpoints(directory, 1).build().run().close();
        try (RunResult resumed = remembering.rounds(5).resume(true).build().run();
                RunResult undisturbed =
                        setup().serverOptimizer(REMEMBERING).rounds(5).build().run();
                RunResult plain = setup().rounds(5).build().run()) {
            assertThat(resumed.state().strategy().number("test/steps")).hasValue(5.0);
            assertThat(resumed.stateSha256()).isEqualTo(undisturbed.stateSha256());
            assertThat(resumed.stateSha256()).isNotEqualTo(plain.stateSha256());
        }
    }

    @Test
    void keepsTheTwoLatestCheckpoints() throws Exception {
        checkpointOf(setup());
        try (var files = Files.list(directory)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder(
                            "round-000003.safetensors", "round-000004.safetensors", "history.jsonl", "lock");
        }
    }

    @Test
    void refusesACheckpointOfAnotherModel() {
        Path file = checkpointOf(setup());
        assertCannotResume(
                setup().task(Models.mnist2nn()),
                cannotResume(
                        file,
                        "task.architecture.layers was 2 parts when the run began and is 6 parts now",
                        "task.architecture.layers.1.units was 10 when the run began and is 200 now",
                        "task.architecture.layers.2 was absent when the run began and is org.fl4j.model.Layer$Relu now",
                        "task.architecture.layers.3 was absent when the run began and is"
                                + " org.fl4j.model.Layer$Dense now",
                        "task.architecture.layers.3.units was absent when the run began and is 200 now",
                        "and 3 more"));
        assertCannotResume(
                setup().task(Models.softmaxRegression(new Shape(1, 28, 28), 11)),
                cannotResume(file, "task.architecture.layers.1.units was 10 when the run began and is 11 now"));
    }

    @Test
    void refusesACheckpointOfAnotherSeed() {
        Path file = checkpointOf(setup());
        assertCannotResume(setup().seed(4), cannotResume(file, "seed was 3 when the run began and is 4 now"));
    }

    @Test
    void refusesACheckpointOfOtherClients() {
        Path file = checkpointOf(setup());
        Simulation simulation = setup().data(digits.federated(
                        Partition.of(List.of(new int[300], new int[200]), Partition.Allowance.SHARED_ROWS)))
                .cohortSize(2)
                .rounds(9)
                .checkpoints(directory, 1)
                .resume(true)
                .build();
        assertThatThrownBy(simulation::run)
                .isInstanceOf(CheckpointException.class)
                .hasMessageMatching("checkpoint \\Q" + file
                        + "\\E: cannot be resumed from with other settings: clients was 12 with example"
                        + " counts \\w+ when the run began and is 2 with example counts \\w+ now;"
                        + " clients that train together was 2 when the run began and is 1 now; cohortSize was 5 when"
                        + " the run began and is 2 now; data was .+");
    }

    @Test
    void refusesACheckpointOfALaterRound() {
        Path file = checkpointOf(setup());
        Simulation simulation =
                setup().rounds(3).checkpoints(directory, 1).resume(true).build();
        assertThatThrownBy(simulation::run)
                .isInstanceOf(CheckpointException.class)
                .hasMessage("checkpoint " + file + ": rounds must be at least its round, 4, but was 3");
    }

    @Test
    void refusesToStartAnewAmongTheCheckpointsOfAnotherRun() {
        Path file = checkpointOf(setup());
        Simulation simulation = setup().checkpoints(directory, 1).build();
        assertThatThrownBy(simulation::run)
                .isInstanceOf(CheckpointException.class)
                .hasMessage("checkpoint " + file
                        + ": it is of an earlier run. Maybe resume it, or choose another directory.");
        assertThat(file).exists();
    }

    @Test
    void refusesACheckpointWithAnyDamageInItsHeader() throws Exception {
        Path file = checkpointOf(setup());
        byte[] whole = Files.readAllBytes(file);
        Simulation resumed =
                setup().rounds(4).checkpoints(directory, 1).resume(true).build();
        for (int at = 0; at < 1200; at += 7) {
            byte[] damaged = whole.clone();
            damaged[at] ^= 4;
            Files.write(file, damaged);
            assertThatThrownBy(resumed::run).as("byte " + at).isInstanceOf(CheckpointException.class);
        }
    }

    @Test
    void savesTheLastRoundOfARunThatStopsEarly() {
        try (RunResult result = setup().rounds(100)
                .checkpoints(directory, 50)
                .stopRule(history -> history.size() == 3)
                .build()
                .run()) {
            assertThat(result.end()).isEqualTo(RunResult.End.STOPPED_EARLY);
            assertThat(Checkpoint.latest(directory)).hasValue(directory.resolve("round-000003.safetensors"));
        }
    }
}
