package org.fl4j.experiments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.fl4j.client.ClientFactory;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.execution.TaskRecord;
import org.fl4j.random.Seed;
import org.fl4j.simulation.ClientFailedException;
import org.fl4j.simulation.RunListener;
import org.fl4j.simulation.RunResult;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;

class ExperimentFileTest extends ExperimentFileSetup {
    @Test
    void aNullInASweepLeavesTheFieldOut() throws IOException {
        ExperimentFile experiment = ExperimentFile.read(file("""
            aggregator: median
            training: {momentum: 0.5}
            sweep: {aggregator: [null, fedavg], training.momentum: [~, 0.9], world.timeout: [null]}
            """));
        assertThat(experiment.runs().stream().map(ExperimentFile.Run::label))
                .containsExactly(
                        "no aggregator, no momentum, no timeout",
                        "no aggregator, momentum=0.9, no timeout",
                        "fedavg, no momentum, no timeout",
                        "fedavg, momentum=0.9, no timeout");
        ExperimentSpec spec = experiment.runs().get(0).spec();
        assertThat(spec.value("aggregator")).isEmpty();
        assertThat(spec.value("training.momentum")).isEmpty();
        assertThatThrownBy(() -> ExperimentFile.read(file("sweep: {agregator: [null]}")))
                .hasMessageEndingWith("but was agregator; did you mean aggregator?");
        assertThatThrownBy(() -> ExperimentFile.read(file("aggregator: null")))
                .hasMessageContaining("aggregator must be one of");
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
        assertThat(experiment.name()).hasValue("robustness");
        assertThat(experiment.swept()).containsExactly("aggregator", "data.partition");
        assertThat(experiment.runs()).hasSize(12);
        assertThat(experiment.runs().get(4).group())
                .isEqualTo(Map.of("aggregator", "fedavg", "data.partition", "shards:2"));
        assertThat(experiment.runs().get(4).label()).isEqualTo("fedavg, shards:2");
        ExperimentSpec spec = experiment.runs().get(4).spec();
        assertThat(spec.seed()).isEqualTo(2);
        assertThat(spec.value("data.partition")).hasValue("shards:2");
        assertThat(spec.value("training.batchSize")).hasValue("20");
        assertThat(spec.value("world.overCommit")).hasValue("1.3");
        assertThat(experiment.runs().stream().map(run -> run.spec().key()).distinct())
                .hasSize(12);
        assertThat(ExperimentFile.read(file("rounds: 3")).runs()).hasSize(1);
        assertThat(ExperimentFile.read(file("rounds: 3")).name()).isEmpty();
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
        assertThat(runs.get(1).spec().value("training.epochs")).hasValue("2");
        assertThat(runs.get(1).spec().value("world.name")).hasValue("same");
    }

    /** What has no effect is no setting, so that keys stay as they were. */
    @Test
    void clientsEvaluateOnAFifthOfTheirExamplesUnlessTheFileSaysOtherwise() throws IOException {
        ExperimentSpec without = spec("rounds: 3");
        assertThat(without.settings()).doesNotContainKeys("data.localTest", "data.heldOut");
        assertThat(without.clientAccuracies()).isEmpty();
        ExperimentSpec plain = spec("clientEvaluationEvery: 3");
        assertThat(plain.settings()).containsEntry("data.localTest", "0.2").doesNotContainKey("data.heldOut");
        assertThat(plain.clientAccuracies()).containsExactly("client/test/accuracy");
        assertThat(spec("clientEvaluationEvery: 3\ndata: {localTest: 0.2}").key())
                .isEqualTo(plain.key());
        ExperimentSpec held = spec("clientEvaluationEvery: 3\ndata: {localTest: 0, heldOut: 4}");
        assertThat(held.settings()).containsEntry("data.localTest", "0.0").containsEntry("data.heldOut", "4");
        assertThat(held.clientAccuracies()).containsExactly("client/train/accuracy", "held-out/train/accuracy");
    }

    @Test
    void clientsMeasureWhatTheSpecificationSays() throws IOException {
        String common = "model: softmax\ncohort: 3\nrounds: 1\nclientEvaluationEvery: 1\n";
        try (Dataset dataset = Digits.generate(600, 100, new Seed(0))) {
            for (String data : List.of("{clients: 20, heldOut: 5}", "{clients: 20, heldOut: 5, localTest: 0}")) {
                ExperimentSpec spec = spec(common + "data: " + data + "\n");
                try (RunResult result = spec.builder(dataset).build().run()) {
                    assertThat(result.finalMetrics().values())
                            .containsKeys(spec.clientAccuracies().toArray(new String[0]));
                    assertThat(result.history().get(0).evaluations()).hasSize(20);
                    assertThat(result.history().get(0).cohort()).allMatch(client -> client.index() < 15);
                }
            }
        }
    }

    /** All clients learn to call digit y by the name 9 - y. */
    @Test
    void poisonedClientsAreEvaluatedOnCleanExamples() throws IOException {
        String poisoned = """
            data: {clients: 10}
            model: softmax
            cohort: 10
            rounds: 3
            clientEvaluationEvery: 3
            poison: label-flip
            byzantine: 10
            """;
        try (Dataset dataset = Digits.generate(1000, 100, new Seed(0));
                RunResult result = tiny(file(poisoned), dataset).build().run()) {
            assertThat(result.finalMetrics().value("client/test/accuracy")).isLessThan(.2);
        }
    }

    @Test
    void everyFieldOfTrainingAndPrivacyChangesTheModel() throws IOException {
        String common = "data: {clients: 300}\nmodel: softmax\ncohort: 3\nrounds: 1\n";
        Set<String> hashes = new HashSet<>();
        try (Dataset dataset = Digits.generate(3000, 100, new Seed(0))) {
            hashes.add(hash(tiny(file(common), dataset)));
            for (String more : List.of(
                    "training: {steps: 2}",
                    "training: {optimizer: adam}",
                    "training: {momentum: 0.9, steps: 3}",
                    "training: {weightDecay: 0.1}",
                    "training: {gradientClip: 0.5}",
                    "training: {proximalTerm: 0.5, steps: 4}",
                    "training: {steps: 4}",
                    "training: {steps: 3}",
                    "privacy: local-dp")) {
                assertThat(hashes.add(hash(tiny(file(common + more + "\n"), dataset))))
                        .as(more)
                        .isTrue();
            }
        }
    }

    /** What writes files does so in the run's own directory, and says that it needs one. */
    @Test
    void filesOfARunAreInItsDirectory() throws IOException {
        ExperimentSpec spec = spec("""
            data: {clients: 20}
            model: softmax
            metrics: [accuracy, "top-k:k=2"]
            aggregator: median
            cohort: 4
            rounds: 2
            privacy: "local-dp:tasks=5,log=releases.jsonl"
            updates: {onDisk: true, minimum: 2}
            listeners: ["csv:metrics=test/loss;test/top-k:k=2", json-lines, task-lines, task-log, log, tensorboard]
            stop: ["target:metric=test/accuracy,value=0.99", "no-improvement:patience=50"]
            """);
        assertThat(spec.needsDirectory()).isTrue();
        assertThat(spec("rounds: 2").needsDirectory()).isFalse();
        try (Dataset dataset = Digits.generate(400, 40, new Seed(0));
                RunResult result = spec.builder(dataset, directory).build().run()) {
            assertThat(result.finalMetrics().find("test/top-k:k=2")).isPresent();
            assertThat(result.finalMetrics().value("test/top-k:k=2"))
                    .isGreaterThanOrEqualTo(result.finalMetrics().value("test/accuracy"));
        }
        assertThat(Files.readAllLines(directory.resolve("privacy/releases.jsonl")))
                .hasSize(8);
        assertThat(Files.readAllLines(directory.resolve("listeners/csv/rounds.csv"))
                        .get(0))
                .contains("test/top-k:k=2");
        assertThat(Files.readAllLines(directory.resolve("listeners/json-lines/rounds.jsonl")))
                .hasSize(2);
        assertThat(directory.resolve("listeners/task-lines/tasks.jsonl")).isNotEmptyFile();
        assertThat(directory.resolve("listeners/task-log/tasks.log")).isNotEmptyFile();
        assertThat(directory.resolve("listeners/tensorboard/events")).isNotEmptyDirectory();
        try (var updates = Files.walk(directory.resolve("updates"))) {
            assertThat(updates.filter(Files::isRegularFile))
                    .as("deleted after the round")
                    .isEmpty();
        }
    }

    @Test
    void everyFieldOfExecutionHasItsEffect() throws IOException {
        String common =
                "data: {clients: 300, partition: \"lognormal:1\"}\nmodel: softmax\ncohort: 6\nrounds: 1\nworkers: 1\n";
        List<TaskRecord> tasks = new ArrayList<>();
        RunListener listener = new RunListener() {
            @Override
            public void tasksEnded(List<TaskRecord> ended) {
                tasks.addAll(ended);
            }
        };
        try (Dataset dataset = Digits.generate(3000, 100, new Seed(0))) {
            String plain = hash(tiny(file(common), dataset));
            String largest = "execution: {order: largest-first, ahead: 6}\n";
            assertThat(hash(tiny(file(common + largest), dataset).listener(listener)))
                    .isEqualTo(plain);
            assertThat(tasks).extracting(TaskRecord::priority).isSorted().hasSize(6);
            tasks.clear();
            String window = "execution: {order: largest-first, ahead: 1}\n";
            hash(tiny(file(common + window), dataset).listener(listener));
            assertThat(tasks)
                    .extracting(TaskRecord::priority)
                    .isNotEqualTo(
                            tasks.stream().map(TaskRecord::priority).sorted().toList());

            AtomicInteger calls = new AtomicInteger();
            ClientFactory flaky = (id, worker) -> {
                if (calls.getAndIncrement() < 2) {
                    throw new IllegalStateException("not yet");
                }
                return new SgdClient(id, worker, LocalTraining.sgd(.1));
            };
            assertThatThrownBy(() -> hash(tiny(file(common), dataset).clients(flaky)))
                    .isInstanceOf(ClientFailedException.class);
            calls.set(0);
            long start = System.nanoTime();
            String again = "execution: {attempts: 3, backOff: 0.4}\n";
            String alone = "execution: {blockTraining: never}\n";
            assertThat(hash(tiny(file(common + again), dataset).clients(flaky)))
                    .isNotEqualTo(plain)
                    .isEqualTo(hash(tiny(file(common + alone), dataset)));
            assertThat(hash(tiny(file(common + "execution: {blockTraining: always, blockSize: 3}\n"), dataset)))
                    .isNotEqualTo(plain);
            assertThat(System.nanoTime() - start)
                    .as("at least: two clients wait at once")
                    .isGreaterThan(400_000_000L);
            calls.set(0);
            String skip = "execution: {onFailure: skip}\n";
            try (RunResult result =
                    tiny(file(common + skip), dataset).clients(flaky).build().run()) {
                assertThat(result.history().get(0).failures()).hasSize(2);
            }
            String hurry = "execution: {timeout: 0.1}\n";
            assertThatThrownBy(() -> hash(tiny(file(common + hurry), dataset).clients((id, worker) -> {
                        throw new IllegalStateException(untilInterrupted());
                    })))
                    .hasMessageContaining("must take at most 100 ms");
            String look = "execution: {monitor: true, adapt: fedscale}\n";
            try (RunResult result = tiny(file(common + look), dataset).build().run()) {
                assertThat(result.finalMetrics().find("resource/cpu")).isPresent();
                assertThat(result.finalMetrics().find("adaptation/batch size")).isPresent();
            }
        }
    }
}
