package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.fl4j.execution.TaskId;
import org.fl4j.execution.TaskRecord;
import org.fl4j.fixture.ForeignReaders;
import org.fl4j.internal.Csv;
import org.fl4j.message.ClientId;
import org.fl4j.message.Rejection;
import org.fl4j.message.RejectionReason;
import org.fl4j.metrics.Metrics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What listeners write is read by strict readers that are not FL4J's, whatever the numbers and names. */
class ForeignFilesTest {
    private static final String ODD = "loss, \"mine\"\r\nand\nyours\rü\u0001\u2028";
    private static final List<String> NAMES =
            List.of(ODD, "a,b", "a\"b", "a\nb", "a\rb", "a\\nb", "round", "=1+1", " ");

    @TempDir
    Path directory;

    private static Metrics odd() {
        Metrics metrics = Metrics.of("nan", Double.NaN, 1)
                .merge(Metrics.of("up", Double.POSITIVE_INFINITY, 2))
                .merge(Metrics.of("down", Double.NEGATIVE_INFINITY, 3));
        for (String name : NAMES) {
            metrics = metrics.merge(Metrics.of(name, .1, 3));
        }
        return metrics;
    }

    private static RoundReport report(int round) {
        return new RoundReport(
                round,
                List.of(new ClientId(1), new ClientId(2), new ClientId(3)),
                Map.of(new ClientId(1), odd()),
                Map.of(new ClientId(2), odd()),
                List.of(new Rejection(new ClientId(2), RejectionReason.NOT_FINITE, ODD)),
                List.of(new ClientFailure(new ClientId(3), ODD)),
                odd(),
                1L << 60,
                2,
                Double.NaN,
                .5);
    }

    private static TaskRecord task(int round) {
        Instant start = Instant.parse("2026-03-01T10:00:00Z");
        return new TaskRecord(
                new TaskId(round, new ClientId(1), "train"),
                0,
                0,
                1,
                start,
                start,
                start.plusSeconds(1),
                Duration.ofSeconds(1),
                TaskRecord.Outcome.FAILED,
                Optional.of(ODD),
                odd(),
                Optional.empty());
    }

    private static void assertStrict(Path file, int lines) throws Exception {
        List<String> text = Files.readAllLines(file);
        assertThat(text).hasSize(lines);
        for (String line : text) {
            assertThat(ForeignReaders.strictJson(line).getAsJsonObject().has("round"))
                    .isTrue();
        }
        ForeignReaders.python(
                "import json, sys; [json.loads(l, parse_constant=lambda c: 1 / 0) for l in open(sys.argv[1])]", file);
    }

    @Test
    void roundsAreStrictJsonAndReadBackTheSame() throws Exception {
        Path file = directory.resolve("rounds.jsonl");
        JsonLinesListener listener = new JsonLinesListener(file);
        listener.runStarted(0, 2);
        listener.roundEnded(report(1), null);
        listener.roundEnded(report(2), null);
        assertThat(JsonLinesListener.read(file)).containsExactly(report(1), report(2));
        assertStrict(file, 2);
    }

    @Test
    void tasksAreStrictJsonAndReadBackTheSame() throws Exception {
        Path file = directory.resolve("tasks.jsonl");
        TaskJsonLines listener = new TaskJsonLines(file);
        listener.runStarted(0, 1);
        listener.tasksEnded(List.of(task(1)));
        assertThat(TaskJsonLines.read(file)).containsExactly(task(1));
        assertStrict(file, 1);
    }

    @Test
    void numbersOfStatesAreStrictJsonAndReadBackTheSame() {
        Map<String, Double> numbers =
                Map.of("a", Double.NaN, "b", Double.POSITIVE_INFINITY, "c", Double.NEGATIVE_INFINITY, ODD, .1);
        String json = ReportJson.writeNumbers(numbers);
        assertThat(ForeignReaders.strictJson(json).getAsJsonObject().keySet()).isEqualTo(numbers.keySet());
        assertThat(ReportJson.readNumbers(json)).isEqualTo(numbers);
    }

    /** One line a task, whatever the names of its metrics, so that a resume finds the lines again. */
    @Test
    void theLogOfTasksHasOneLineEach() throws Exception {
        Path file = directory.resolve("tasks.log");
        TaskLog log = new TaskLog(file);
        log.runStarted(0, 2);
        log.tasksEnded(List.of(task(1)));
        log.tasksEnded(List.of(task(2)));
        assertThat(Files.readAllLines(file)).hasSize(2);
        new TaskLog(file).runStarted(1, 2);
        assertThat(Files.readAllLines(file)).hasSize(1);
    }

    private List<List<String>> python(Path csv) {
        String json = ForeignReaders.python(
                "import csv, json, sys; print(json.dumps(list(csv.reader(open(sys.argv[1], newline=''),"
                        + " strict=True))))",
                csv);
        List<List<String>> rows = new ArrayList<>();
        for (JsonElement row : ForeignReaders.strictJson(json).getAsJsonArray()) {
            rows.add(row.getAsJsonArray().asList().stream()
                    .map(JsonElement::getAsString)
                    .toList());
        }
        return rows;
    }

    private static void write(Path file, int from, int to) {
        CsvListener listener = new CsvListener(file, NAMES);
        listener.runStarted(from - 1, to);
        for (int round = from; round <= to; round++) {
            listener.roundEnded(report(round), null);
        }
    }

    @Test
    void csvHasEveryNameAsItIsAlsoAfterAResume() throws Exception {
        Path file = directory.resolve("rounds.csv");
        write(file, 1, 3);
        Files.writeString(file, "3,0.1,\"torn", StandardOpenOption.APPEND);
        write(file, 3, 4); // round 3 runs again
        List<List<String>> rows =
                Csv.read(Files.readString(file)).stream().map(Csv.Row::fields).toList();
        assertThat(rows).hasSize(5).allSatisfy(row -> assertThat(row).hasSize(NAMES.size() + 8));
        assertThat(rows.get(0).subList(1, 1 + NAMES.size())).isEqualTo(NAMES);
        assertThat(rows).extracting(row -> row.get(0)).containsExactly("round", "1", "2", "3", "4");
        assertThat(rows.get(4)).endsWith("1152921504606846976", "2", "NaN", "0.500000");
        assertThat(python(file)).isEqualTo(rows);
        write(file, 1, 1); // a fresh run
        assertThat(Csv.read(Files.readString(file))).hasSize(2);
    }
}
