package org.fl4j.experiments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.random.Seed;
import org.fl4j.simulation.JsonLinesListener;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.TaskJsonLines;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a field names has its effect, or is refused; and no two writers share a file. */
class SilentFieldsTest {
    private static final Map<String, Object> SMALL =
            Map.of("data.clients", 10, "model", "softmax", "cohort", 5, "rounds", 2);

    @TempDir
    Path directory;

    private static String hash(Dataset digits, Map<String, ?> more) {
        Map<String, Object> values = new TreeMap<>(SMALL);
        values.putAll(more);
        try (RunResult result =
                ExperimentSpec.of(values).builder(digits).build().run()) {
            return result.stateSha256();
        }
    }

    /** Adversaries that train on falsified examples and those that falsify updates, under either field. */
    @ParameterizedTest
    @CsvSource({"attack,label-flip", "poison,label-flip", "attack,sign-flip", "poison,sign-flip"})
    void everyAdversaryHasItsEffect(String field, String name) {
        try (Dataset digits = Digits.generate(400, 40, new Seed(0))) {
            assertThat(hash(digits, Map.of(field, name, "byzantine", 4))).isNotEqualTo(hash(digits, Map.of()));
        }
    }

    @Test
    void aFileSaysWhichClientsEvaluate() {
        assertThat(evaluating(Map.of("clientEvaluationEvery", 1))).isEqualTo(10);
        assertThat(evaluating(Map.of("clientEvaluationEvery", 1, "clientEvaluationCount", 4)))
                .isEqualTo(4);
        String oort = "oort-testing:deviation=0.4,confidence=0.8";
        assertThat(evaluating(Map.of("clientEvaluationEvery", 1, "clientEvaluationSelector", oort)))
                .as("11 / (1 + 20 / 1.609 * 0.16), rounded up")
                .isEqualTo(4);
        assertThatThrownBy(() -> ExperimentSpec.of(Map.of("clientEvaluationCount", 4)))
                .hasMessageContaining("clientEvaluationCount must be left out without clientEvaluationEvery");
        assertThatThrownBy(() -> ExperimentSpec.of(Map.of("clientEvaluationSelector", "uniform")))
                .hasMessageContaining("clientEvaluationSelector must be left out without clientEvaluationEvery");
    }

    private static int evaluating(Map<String, ?> more) {
        Map<String, Object> values = new TreeMap<>(SMALL);
        values.putAll(more);
        try (Dataset digits = Digits.generate(400, 40, new Seed(0));
                RunResult result =
                        ExperimentSpec.of(values).builder(digits).build().run()) {
            return result.history().get(0).evaluations().size();
        }
    }

    /** The runner writes rounds and tasks of its own, and a listener may be asked for twice. */
    @Test
    void listenersDoNotShareFilesWithTheRunner() throws IOException {
        Path file = Files.writeString(directory.resolve("listeners.yaml"), """
                data: {clients: 10}
                model: softmax
                cohort: 5
                rounds: 3
                listeners: [json-lines, task-lines, task-log, "csv:metrics=test/loss", "csv:metrics=train/loss"]
                """);
        Path out = directory.resolve("out");
        PrintStream silent = new PrintStream(new ByteArrayOutputStream(), false, StandardCharsets.UTF_8);
        new ExperimentRunner(out, silent, RunnerOptions.none()).run(file);
        Path own = ExperimentRunner.own(
                out, ExperimentFile.read(file).runs().get(0).spec().key());
        assertThat(JsonLinesListener.read(own.resolve("rounds.jsonl"))).hasSize(3);
        assertThat(TaskJsonLines.read(own.resolve("tasks.jsonl"))).hasSize(15);
        assertThat(Files.readAllLines(own.resolve("tasks.log"))).hasSize(15);
        Path listeners = own.resolve("listeners");
        assertThat(JsonLinesListener.read(listeners.resolve("json-lines/rounds.jsonl")))
                .hasSize(3);
        assertThat(TaskJsonLines.read(listeners.resolve("task-lines/tasks.jsonl")))
                .hasSize(15);
        assertThat(Files.readAllLines(listeners.resolve("csv/rounds.csv")).get(0))
                .contains("test/loss");
        assertThat(Files.readAllLines(listeners.resolve("csv-2/rounds.csv")).get(0))
                .contains("train/loss");
    }

    @Test
    void settingsSayWhereTheDataAreFrom() {
        assertThat(ExperimentSpec.of(Map.of()).settings()).containsEntry("data.source", "digits");
        ExperimentSpec named = ExperimentSpec.of(Map.of("data.set", "mnist:source=/somewhere"));
        assertThat(named.settings())
                .containsEntry("data.set", "mnist:source=/somewhere")
                .doesNotContainKey("data.source");
        assertThat(ExperimentSpec.of(Map.of("data.set", "fcube")).settings()).doesNotContainKey("data.source");
    }

    @Test
    void valuesThatAreMissingAreNamed() {
        assertThatThrownBy(() -> ExperimentSpec.of(Collections.singletonMap("rounds", null)))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("rounds must not be null");
        assertThatThrownBy(() -> ExperimentSpec.of(Map.of("rounds", List.of(1, 2))))
                .hasMessage("rounds must be a whole number, but was [1, 2]");
        assertThatThrownBy(() -> ExperimentSpec.of(Map.of("round", 2)))
                .hasMessageContaining("but was round; did you mean rounds?");
    }
}
