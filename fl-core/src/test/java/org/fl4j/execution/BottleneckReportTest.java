package org.fl4j.execution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.fl4j.execution.TaskRecord.Outcome;
import org.fl4j.message.ClientId;
import org.fl4j.metrics.Metrics;
import org.junit.jupiter.api.Test;

/**
 * Two workers and two rounds, all submitted when the round begins; seconds:
 *
 * <pre>
 * thread 0  | A 0-4 | D 4-5 |            | F 11-12 |
 * thread 1  | B 0-3 | C 3-9          |   | E 11-15         |
 * </pre>
 *
 * The server takes from 9 to 11. G is cancelled in the queue of round 2.
 */
class BottleneckReportTest {
    private static final Instant EPOCH = Instant.parse("2026-03-01T10:00:00Z");
    private static final TaskRecord A = task(1, 0, 0, 0, 0, 4);
    private static final TaskRecord B = task(1, 1, 1, 0, 0, 3);
    private static final TaskRecord C = task(1, 2, 1, 0, 3, 9);
    private static final TaskRecord D = task(1, 3, 0, 0, 4, 5);
    private static final TaskRecord E = task(2, 4, 1, 11, 11, 15);
    private static final TaskRecord F = task(2, 5, 0, 11, 11, 12);
    private static final TaskRecord G = new TaskRecord(
            new TaskId(2, new ClientId(6), "train"),
            0,
            -1,
            0,
            at(11),
            at(15),
            at(15),
            Duration.ZERO,
            Outcome.CANCELLED,
            Optional.of("cancelled"),
            Metrics.none(),
            Optional.empty());

    private static Instant at(double seconds) {
        return EPOCH.plusNanos(Math.round(seconds * 1e9));
    }

    private static TaskRecord task(int round, int client, int thread, double submitted, double started, double ended) {
        return new TaskRecord(
                new TaskId(round, new ClientId(client), "train"),
                0,
                thread,
                1,
                at(submitted),
                at(started),
                at(ended),
                Duration.between(at(started), at(ended)),
                Outcome.SUCCEEDED,
                Optional.empty(),
                Metrics.none(),
                Optional.empty());
    }

    @Test
    void seesWhereTheTimeOfAConstructedScheduleWent() {
        BottleneckReport report = BottleneckReport.of(List.of(A, B, C, D, E, F, G), 2, 3);
        assertThat(report.outcomes()).isEqualTo(Map.of(Outcome.SUCCEEDED, 6, Outcome.CANCELLED, 1));
        assertThat(report.run()).isEqualTo(new BottleneckReport.Spread(3, 6, 6)); // 1 1 3 4 4 6
        assertThat(report.queueWait()).isEqualTo(new BottleneckReport.Spread(0, 4, 4)); // 0 0 0 0 3 4
        assertThat(report.makespanSeconds()).isEqualTo(15);
        assertThat(report.utilisation()).isCloseTo(19.0 / 30, within(1e-12));
        assertThat(report.slowest()).startsWith(C).hasSize(3).doesNotContain(D);
        assertThat(report.criticalPath()).containsExactly(B, C, E);
    }

    @Test
    void doesNotDependOnTheOrderOfTheRecords() {
        List<TaskRecord> tasks = new ArrayList<>(List.of(A, B, C, D, E, F, G));
        BottleneckReport expected = BottleneckReport.of(tasks, 2, 0);
        for (int seed = 0; seed < 50; seed++) {
            Collections.shuffle(tasks, new Random(seed));
            assertThat(BottleneckReport.of(tasks, 2, 0)).isEqualTo(expected);
        }
    }

    @Test
    void takesPercentilesByNearestRank() {
        List<TaskRecord> tasks = new ArrayList<>();
        for (int i = 1; i <= 100; i++) {
            tasks.add(task(1, i, 0, 0, 0, i));
        }
        assertThat(BottleneckReport.of(tasks, 1, 0).run()).isEqualTo(new BottleneckReport.Spread(50, 95, 100));
    }

    @Test
    void reportsNothingOfNoTasks() {
        BottleneckReport report = BottleneckReport.of(List.of(), 2, 3);
        assertThat(report.makespanSeconds()).isZero();
        assertThat(report.utilisation()).isZero();
        assertThat(report.criticalPath()).isEmpty();
    }

    @Test
    void readsAsATable() {
        assertThat(BottleneckReport.of(List.of(A, B, C, D, E, F, G), 2, 1))
                .hasToString("""
                7 tasks on 2 workers, 6 succeeded, 1 cancelled
                15.000 s from first to last, 63.3 % of workers' time used
                seconds           p50        p95        max
                running         3.000      6.000      6.000
                queued          0.000      4.000      4.000
                critical path: 3 tasks, 13.000 s of running
                     6.000 s  round 1, client 2, train
                """.replace("\n", System.lineSeparator()));
    }

    @Test
    void refusesRecordsWhoseTimesAreOutOfOrder() {
        assertThatThrownBy(() -> task(1, 0, 0, 5, 4, 6))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "started must be at or after submission, 2026-03-01T10:00:05Z, but was 2026-03-01T10:00:04Z");
    }

    /** A and B end together before C begins on A's thread; a task of no length stands between A and C. */
    @Test
    void findsTheLongerOfTwoThatEndAtOnce() {
        TaskRecord a = task(1, 0, 0, 0, 0, 4);
        TaskRecord b = task(1, 1, 1, 0, 1, 4);
        TaskRecord c = task(2, 2, 0, 4, 4, 9);
        TaskRecord nothing = task(1, 3, 0, 0, 4, 4);
        for (List<TaskRecord> order : List.of(List.of(a, b, c, nothing), List.of(nothing, c, b, a))) {
            assertThat(BottleneckReport.of(order, 2, 0).criticalPath()).containsExactly(a, c);
        }
    }

    /** Two attempts of a second with a wait of eight between them keep a worker busy for two seconds of ten. */
    @Test
    void doesNotCountWaitsBetweenAttempts() {
        TaskRecord retried = new TaskRecord(
                new TaskId(1, new ClientId(0), "train"),
                0,
                0,
                2,
                at(0),
                at(0),
                at(10),
                Duration.ofSeconds(2),
                Outcome.SUCCEEDED,
                Optional.empty(),
                Metrics.none(),
                Optional.empty());
        assertThat(BottleneckReport.of(List.of(retried), 1, 0).utilisation()).isCloseTo(.2, within(1e-12));
    }
}
