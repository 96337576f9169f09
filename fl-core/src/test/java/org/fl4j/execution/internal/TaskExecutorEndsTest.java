package org.fl4j.execution.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.fl4j.execution.ExecutionPolicy;
import org.fl4j.execution.TaskRecord;
import org.fl4j.execution.TaskRecord.Outcome;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TaskExecutorEndsTest extends TaskExecutorSetup {
    @Test
    void closesWithWhatWaitsCancelledAndWhatRunsInterrupted() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        TaskExecutor executor = executor(1, ExecutionPolicy.once().attempts(5, Duration.ZERO));
        executor.submit(
                id(1),
                0,
                notes -> {
                    begun.countDown();
                    return untilInterrupted(notes);
                },
                late -> {});
        executor.submit(id(2), 0, notes -> "", late -> {});
        begun.await();
        executor.close();
        assertThat(records).extracting(TaskRecord::outcome).containsExactly(Outcome.CANCELLED, Outcome.FAILED);
        assertThatThrownBy(() -> executor.submit(id(3), 0, notes -> "", late -> {}))
                .hasMessage("executor must be open, but was closed");
    }

    @Test
    void refusesBadPolicies() {
        assertThatThrownBy(() -> ExecutionPolicy.once().attempts(0, Duration.ZERO))
                .hasMessage("attempts must be at least 1, but was 0");
        assertThatThrownBy(() -> ExecutionPolicy.once().attempts(2, Duration.ofMillis(-1)))
                .hasMessage("backOff must be at least 0 and at most a year, but was PT-0.001S");
        assertThatThrownBy(() -> ExecutionPolicy.once().timeout(Duration.ZERO))
                .hasMessage("timeout must be positive and at most a year, but was PT0S");
        assertThatThrownBy(() -> ExecutionPolicy.once().aheadPerWorker(0))
                .hasMessage("aheadPerWorker must be at least 1, but was 0");
        try (TaskExecutor executor = executor(0, ExecutionPolicy.once())) {
            assertThatThrownBy(() -> executor.submit(id(1), -1, notes -> "", late -> {}))
                    .hasMessage("priority of round 1, client 1, train must be at least 0, but was -1");
        }
    }

    @Test
    void runsOthersWhileATaskWaitsForItsNextAttempt() throws Exception {
        try (TaskExecutor executor = executor(0, ExecutionPolicy.once().attempts(2, Duration.ofSeconds(1)))) {
            Task<String> flaky = executor.submit(
                    id(1),
                    0,
                    notes -> {
                        if (records.isEmpty()) {
                            throw new IllegalStateException("not yet");
                        }
                        return "there";
                    },
                    late -> {});
            executor.submit(id(2), 0, notes -> "other", late -> {});
            assertThat(executor.runNext()).isTrue(); // fails
            assertThat(executor.runNext()).isTrue(); // the other
            timer.pass(Duration.ofMillis(999));
            assertThat(executor.runNext()).isFalse();
            assertThat(flaky.isDone()).isFalse();
            timer.pass(Duration.ofMillis(1));
            assertThat(executor.runNext()).isTrue();
            assertThat(flaky.get()).isEqualTo("there");
        }
        assertThat(order()).containsExactly(2, 1);
    }

    @Test
    void givesUpATaskBetweenItsAttemptsAtOnce() throws Exception {
        TaskExecutor executor = executor(1, ExecutionPolicy.once().attempts(2, Duration.ofHours(1)));
        List<Task<String>> tasks = new ArrayList<>();
        for (int client = 1; client <= 2; client++) {
            tasks.add(executor.submit(
                    id(client),
                    0,
                    notes -> {
                        throw new IllegalStateException("once");
                    },
                    late -> {}));
        }
        timer.awaitCalls(2); // both had an attempt, and wait for the next
        assertThat(tasks).noneMatch(Task::isDone);
        assertThat(tasks.get(0).cancel()).isTrue();
        assertThat(tasks.get(0).isDone()).isTrue();
        executor.close();
        assertThat(tasks.get(1).isDone()).isTrue();
        assertThat(records).hasSize(2).allSatisfy(record -> {
            assertThat(record.outcome()).isEqualTo(Outcome.CANCELLED);
            assertThat(record.attempts()).isEqualTo(1);
        });
    }

    @Test
    void tellsWhoeverWaitsWhenARecordCannotBeKept() throws Exception {
        List<String> freed = new ArrayList<>();
        try (TaskExecutor executor = new TaskExecutor(1, () -> {}, ExecutionPolicy.once(), record -> {
            if (record.id().client().index() == 1) {
                throw new IllegalStateException("the disk is full");
            }
        })) {
            Task<String> lost = executor.submit(id(1), 0, notes -> "made", freed::add);
            assertThatThrownBy(lost::get).hasRootCauseMessage("the disk is full");
            assertThat(executor.submit(id(2), 0, notes -> "fine", late -> {}).get())
                    .isEqualTo("fine");
        }
        assertThat(freed).containsExactly("made");
    }

    @Test
    void doublesTheWaitUpToAMinuteOrTheFirst() {
        ExecutionPolicy seconds = ExecutionPolicy.once().attempts(9, Duration.ofSeconds(20));
        assertThat(List.of(seconds.waitAfter(1), seconds.waitAfter(2), seconds.waitAfter(3), seconds.waitAfter(8)))
                .containsExactly(
                        Duration.ofSeconds(20), Duration.ofSeconds(40), Duration.ofMinutes(1), Duration.ofMinutes(1));
        ExecutionPolicy minutes = ExecutionPolicy.once().attempts(9, Duration.ofMinutes(2));
        assertThat(List.of(minutes.waitAfter(1), minutes.waitAfter(5))).containsOnly(Duration.ofMinutes(2));
    }

    @Test
    void neverTakesAnErrorForATimeOut() throws Exception {
        try (TaskExecutor executor =
                executor(1, ExecutionPolicy.once().attempts(3, Duration.ZERO).timeout(Duration.ofMillis(10)))) {
            Task<String> task = executor.submit(
                    id(1),
                    0,
                    notes -> {
                        timer.pass(Duration.ofMillis(10));
                        throw new AssertionError("out of memory, say");
                    },
                    late -> {});
            assertThatThrownBy(task::get).hasCauseInstanceOf(AssertionError.class);
        }
        assertThat(records.get(0).outcome()).isEqualTo(Outcome.FAILED);
        assertThat(records.get(0).attempts()).isEqualTo(1);
    }
}
