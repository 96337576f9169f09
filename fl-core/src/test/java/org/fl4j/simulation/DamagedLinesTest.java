package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.fl4j.execution.TaskId;
import org.fl4j.execution.TaskRecord;
import org.fl4j.message.ClientId;
import org.fl4j.message.Rejection;
import org.fl4j.message.RejectionReason;
import org.fl4j.metrics.Metrics;
import org.fl4j.random.Seed;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Files of lines that someone changed: whatever is in them, reading ends in the exception that the readers document.
 */
class DamagedLinesTest {
    private static final Instant START = Instant.parse("2026-03-01T10:00:00Z");
    private static final List<String> PIECES =
            List.of("null", "-1", "1e999999999", "\"\"", "[]", "{}", ",", "\n", "{", "true", "1.5", "\"NaN\"", "\0");

    @TempDir
    Path directory;

    private Path rounds;
    private Path tasks;

    @BeforeEach
    void write() {
        rounds = directory.resolve("rounds.jsonl");
        tasks = directory.resolve("tasks.jsonl");
        JsonLinesListener reports = new JsonLinesListener(rounds);
        TaskJsonLines records = new TaskJsonLines(tasks);
        for (int round = 1; round <= 3; round++) {
            reports.roundEnded(report(round), null);
            records.tasksEnded(List.of(task(round)));
        }
    }

    private static RoundReport report(int round) {
        ClientId client = new ClientId(1);
        return new RoundReport(
                round,
                List.of(client, new ClientId(2)),
                Map.of(client, Metrics.of("train/loss", 1, 2)),
                Map.of(client, Metrics.of("loss", Double.NaN, 2)),
                List.of(new Rejection(client, RejectionReason.LATE, "late")),
                List.of(new ClientFailure(client, "lost")),
                Metrics.of("test/accuracy", .5, 1),
                100,
                200,
                .5,
                .25);
    }

    private static TaskRecord task(int round) {
        return new TaskRecord(
                new TaskId(round, new ClientId(1), "train"),
                0,
                0,
                1,
                START,
                START,
                START.plusSeconds(1),
                Duration.ofSeconds(1),
                TaskRecord.Outcome.FAILED,
                Optional.of("lost"),
                Metrics.of("privacy/epsilon", 1, 1),
                Optional.of("ab"));
    }

    private static void replace(Path file, String what, String by) throws IOException {
        String text = Files.readString(file);
        int at = text.indexOf(what, text.indexOf('\n'));
        assertThat(at).as(what).isPositive();
        Files.writeString(file, text.substring(0, at) + by + text.substring(at + what.length()));
    }

    private void roundsSay(String what, String by, String message) throws IOException {
        String before = Files.readString(rounds);
        replace(rounds, what, by);
        assertThatThrownBy(() -> JsonLinesListener.read(rounds))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(rounds + ", line 2" + message);
        Files.writeString(rounds, before);
    }

    private void tasksSay(String what, String by, String message) throws IOException {
        String before = Files.readString(tasks);
        replace(tasks, what, by);
        assertThatThrownBy(() -> TaskJsonLines.read(tasks))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(tasks + ", line 2" + message);
        Files.writeString(tasks, before);
    }

    @Test
    void namesFileLineFieldAndRuleOfARound() throws IOException {
        roundsSay("\"round\":2", "\"rounds\":2", ": round must be there, but is missing");
        roundsSay("\"round\":2", "\"round\":\"2\"", ": round must be a whole number of 32 bits, but was \"2\"");
        roundsSay("\"round\":2", "\"round\":1e99", ": round must be a whole number of 32 bits, but was 1e99");
        roundsSay("[1,2]", "[1,-2]", ": cohort[1]: client index must be at least 0, but was -2");
        roundsSay("[1,2]", "{}", ": cohort must be an array, but was {}");
        roundsSay(
                "\"LATE\"",
                "\"Late\"",
                ": rejected[0].reason must be one of " + List.of(RejectionReason.values()) + ", but was \"Late\"");
        roundsSay("{\"client\":1,\"error\":\"lost\"}", "7", ": failures[0] must be an object, but was 7");
        roundsSay("\"bytesUp\":200", "\"bytesUp\":null", ": bytesUp must be a whole number of 64 bits, but was null");
        roundsSay(
                "\"weight\":1.0",
                "\"weight\":0",
                ": metrics.test/accuracy: weight must be positive and finite, but was 0.0");
        roundsSay("{\"1\":", "{\"one\":", ": clients.one: client must be a whole number, but was one");
        roundsSay(
                "\"trainSeconds\":0.5",
                "\"trainSeconds\":[]",
                ": trainSeconds must be a number, \"NaN\", \"Infinity\" or \"-Infinity\", but was []");
        roundsSay("{\"round\":2", "{\"round\":2,", " must be a JSON object, but is not");
    }

    @Test
    void namesFileLineFieldAndRuleOfATask() throws IOException {
        tasksSay(
                "\"FAILED\"",
                "\"failed\"",
                ": outcome must be one of " + List.of(TaskRecord.Outcome.values()) + ", but was \"failed\"");
        tasksSay(
                "\"started\":\"2026",
                "\"started\":\"26",
                ": started must be a time such as 2026-03-01T10:00:00Z, but was \"26-03-01T10:00:00Z\"");
        tasksSay("\"client\":1", "\"client\":-1", ": client index must be at least 0, but was -1");
        tasksSay("\"kind\":\"train\"", "\"kind\":null", ": kind must be a text, but was null");
        tasksSay(
                "\"runSeconds\":1.0",
                "\"runSeconds\":\"NaN\"",
                ": runSeconds must be at least 0 and finite, but was NaN");
    }

    @Test
    void leavesOutALastLineThatACrashCutShort() throws IOException {
        List<RoundReport> all = JsonLinesListener.read(rounds);
        String text = Files.readString(rounds);
        int last = text.lastIndexOf('\n', text.length() - 2) + 1;
        for (int end = last; end < text.length() - 1; end += 7) {
            Files.writeString(rounds, text.substring(0, end));
            assertThat(JsonLinesListener.read(rounds)).isEqualTo(all.subList(0, 2));
        }
        new JsonLinesListener(rounds).runStarted(2, 3);
        assertThat(JsonLinesListener.read(rounds)).isEqualTo(all.subList(0, 2));
    }

    @Test
    void aResumeNamesALineWithoutARound() throws IOException {
        replace(rounds, "\"round\":2", "\"round\":[]");
        assertThatThrownBy(() -> new JsonLinesListener(rounds).runStarted(2, 3))
                .hasMessage(rounds + ", line 2: round must be a whole number of 32 bits, but was []");
        new JsonLinesListener(rounds).runStarted(0, 3); // a fresh run keeps nothing, whatever it is
        assertThat(rounds).isEmptyFile();
    }

    @Test
    void changesOfAnyKindEndInTheDocumentedException() throws IOException {
        mutate(500);
    }

    @Test
    @Tag("long")
    void twentyThousandChangesEndInTheDocumentedException() throws IOException {
        mutate(20_000);
    }

    private void mutate(int count) throws IOException {
        int refused = mutate(rounds, JsonLinesListener::read, count) + mutate(tasks, TaskJsonLines::read, count);
        assertThat(refused).isBetween(count / 4, 2 * count - 1);
    }

    private int mutate(Path file, Consumer<Path> read, int count) throws IOException {
        byte[] whole = Files.readAllBytes(file);
        Path changed = directory.resolve("changed.jsonl");
        int refused = 0;
        for (int i = 0; i < count; i++) {
            Files.write(changed, changed(whole, new Seed(31).derive(i).generator()));
            try {
                read.accept(changed);
            } catch (IllegalArgumentException e) {
                refused++;
                assertThat(e).as("change %d", i).hasMessageStartingWith(changed + ", line ");
            }
        }
        return refused;
    }

    private static byte[] changed(byte[] whole, RandomGenerator random) {
        StringBuilder text = new StringBuilder(new String(whole, StandardCharsets.ISO_8859_1));
        for (int change = random.nextInt(1, 4); change > 0; change--) {
            int at = random.nextInt(text.length() - 20);
            switch (random.nextInt(4)) {
                case 0 -> text.setCharAt(at, (char) random.nextInt(256));
                case 1 -> text.delete(at, at + random.nextInt(20));
                case 2 -> text.insert(at, text.substring(at, at + random.nextInt(20)));
                default -> text.replace(at, at + random.nextInt(5), PIECES.get(random.nextInt(PIECES.size())));
            }
        }
        return text.toString().getBytes(StandardCharsets.ISO_8859_1);
    }
}
