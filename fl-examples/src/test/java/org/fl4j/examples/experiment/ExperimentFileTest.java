package org.fl4j.examples.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;

class ExperimentFileTest {
    @TempDir
    Path directory;

    private Path file(String yaml) throws IOException {
        return Files.writeString(directory.resolve("experiment.yaml"), yaml);
    }

    /** Two aggregators, two partitions, three seeds: twelve runs in the order of the file, with keys of their own. */
    @Test
    void sweepsAreGridsTimesSeeds() throws IOException {
        ExperimentFile experiment = ExperimentFile.read(file("""
                name: robustness
                data: {set: mnist, partition: iid, clients: 50}
                training: {learningRate: 0.05, epochs: 2, batchSize: 20}
                cohort: 5
                rounds: 7
                target: 0.9
                world: {name: lognormal, overCommit: 1.3}
                seeds: [1, 2, 3]
                sweep:
                  aggregator: [fedavg, median]
                  data.partition: [iid, "shards:2"]
                """));
        assertThat(experiment.name()).isEqualTo("robustness");
        assertThat(experiment.swept()).containsExactly("aggregator", "data.partition");
        assertThat(experiment.runs()).hasSize(12);
        assertThat(experiment.runs().get(4).group())
                .isEqualTo(Map.of("aggregator", "fedavg", "data.partition", "shards:2"));
        assertThat(experiment.runs().get(4).label()).isEqualTo("fedavg, shards:2");
        ExperimentSpec spec = experiment.runs().get(4).spec();
        assertThat(spec.seed()).isEqualTo(2);
        assertThat(spec.data().partition()).isEqualTo("shards:2");
        assertThat(spec.training().batchSize()).isEqualTo(20);
        assertThat(spec.clock().overCommit()).hasValue(1.3);
        assertThat(experiment.runs().stream().map(run -> run.spec().key()).distinct())
                .hasSize(12);
        assertThat(ExperimentFile.read(file("rounds: 3")).runs()).hasSize(1);
        assertThat(ExperimentFile.read(file("rounds: 3")).name()).isEqualTo("experiment");
    }

    /** A key is of what the result depends on: not of how many workers there are. */
    @Test
    void keysAreOfSettings() throws IOException {
        String key = ExperimentFile.read(file("rounds: 3")).runs().get(0).spec().key();
        assertThat(ExperimentFile.read(file("rounds: 3\nworkers: 2"))
                        .runs()
                        .get(0)
                        .spec()
                        .key())
                .isEqualTo(key);
        assertThat(ExperimentFile.read(file("rounds: 4")).runs().get(0).spec().key())
                .isNotEqualTo(key);
        assertThat(ExperimentFile.read(file("rounds: 3\nseed: 1"))
                        .runs()
                        .get(0)
                        .spec()
                        .key())
                .isNotEqualTo(key);
    }

    /** Lines of the YAML are separated by a bar; the message comes after file name and a comma. */
    @ParameterizedTest(name = "{0}")
    @CsvFileSource(resources = "bad-experiments.csv", delimiter = '~', maxCharsPerColumn = 2000)
    void badExperimentsAreRefused(String yaml, String message) throws IOException {
        Path file = file(yaml.replace("|", "\n"));
        assertThatThrownBy(() -> ExperimentFile.read(file))
                .isInstanceOf(ExperimentException.class)
                .hasMessage(file + ", " + message);
    }

    @Test
    void namesOfTheSweepAreFields() throws IOException {
        Path file = file("sweep:\n  training.epochs: [1, 2]\n  world.name: [same]\n");
        List<ExperimentFile.Run> runs = ExperimentFile.read(file).runs();
        assertThat(runs).hasSize(2);
        assertThat(runs.get(1).spec().training().epochs()).isEqualTo(2);
        assertThat(runs.get(1).spec().clock().world()).hasValue("same");
    }
}
