package org.fl4j.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.fl4j.data.Dataset;
import org.fl4j.fixture.Mutations;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.SimulationBuilder;
import org.junit.jupiter.api.io.TempDir;

/** What {@link ExperimentFileTest} and {@link ExperimentFileLimitsTest} share. */
abstract class ExperimentFileSetup {
    @TempDir
    Path directory;

    Path file(String yaml) throws IOException {
        return Files.writeString(directory.resolve("experiment.yaml"), yaml);
    }

    ExperimentSpec spec(String yaml) throws IOException {
        return ExperimentFile.read(file(yaml)).runs().get(0).spec();
    }

    static SimulationBuilder tiny(Path file, Dataset dataset) {
        return ExperimentFile.read(file).runs().get(0).spec().builder(dataset);
    }

    static String hash(SimulationBuilder builder) {
        try (RunResult result = builder.build().run()) {
            return result.stateSha256();
        }
    }

    /** Waits for the interrupt of a time-out, for nobody counts down. */
    static InterruptedException untilInterrupted() {
        try {
            new CountDownLatch(1).await();
            throw new AssertionError("nobody counts down");
        } catch (InterruptedException e) {
            return e;
        }
    }

    static String tripled(int level) {
        String before = "*a" + (level - 1);
        return "a" + level + ": &a" + level + " [" + before + ", " + before + ", " + before + "]\n";
    }

    void readDamaged(int count) throws IOException {
        Path file = file("""
            name: robustness
            data: {set: mnist, partition: iid, clients: 50}
            training: &t {learningRate: 0.05, epochs: 2, batchSize: 20}
            cohort: 5
            world: {name: lognormal, overCommit: 1.3}
            seeds: [1, 2]
            sweep:
              aggregator: [fedavg, "trimmed-mean:trim=0.2"]
              data.partition: [iid, "shards:2"]
            """);
        int refused = Mutations.refused(
                file, count, List.of(IllegalArgumentException.class), () -> ExperimentFile.read(file));
        assertThat(refused).isGreaterThan(count / 2);
    }
}
