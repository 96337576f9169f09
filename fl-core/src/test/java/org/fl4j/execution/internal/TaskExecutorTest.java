package org.fl4j.execution.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.fl4j.execution.ExecutionPolicy;
import org.fl4j.execution.TaskRecord;
import org.fl4j.execution.TaskRecord.Outcome;
import org.fl4j.execution.TaskTimedOutException;
import org.fl4j.metrics.Metrics;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TaskExecutorTest extends TaskExecutorSetup {
    @Test
    void runsTheMostImportantFirstAndEqualsInTheOrderOfSubmission() {
        int[] ranks = {3, 0, 2, 0, 3, 1, 0, 2};
        try (TaskExecutor executor = executor(0, ExecutionPolicy.once())) {
            for (int client = 0; client < ranks.length; client++) {
                executor.submit(id(client), ranks[client], notes -> "done", late -> {});
            }
            while (executor.runNext()) {
                // one after another, on this thread
            }
        }
        assertThat(order()).containsExactly(1, 3, 6, 5, 2, 7, 0, 4);
        assertThat(records).allSatisfy(record -> assertThat(record.thread()).isZero());
    }

    @Test
    void submitsWithoutWaitingAndNeverRunsMoreAtOnceThanItHasThreads() throws Exception {
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        CountDownLatch start = new CountDownLatch(1);
        CyclicBarrier three = new CyclicBarrier(3); // fewer at once never pass it
        try (TaskExecutor executor = executor(3, ExecutionPolicy.once())) {
            List<Task<Integer>> tasks = new ArrayList<>();
            for (int client = 0; client < 30; client++) {
                int value = client;
                tasks.add(executor.submit(
                        id(client),
                        0,
                        notes -> {
                            start.await();
                            most.accumulateAndGet(running.incrementAndGet(), Math::max);
                            three.await();
                            running.decrementAndGet();
                            return value;
                        },
                        late -> {}));
            }
            assertThat(tasks).noneMatch(Task::isDone);
            start.countDown();
            for (int client = 0; client < 30; client++) {
                assertThat(tasks.get(client).get()).isEqualTo(client);
            }
        }
        assertThat(most).hasValueLessThanOrEqualTo(3);
        assertThat(records).hasSize(30).allSatisfy(record -> {
            assertThat(record.outcome()).isEqualTo(Outcome.SUCCEEDED);
            assertThat(record.thread()).isBetween(1, 3);
        });
    }

    @Test
    void triesAgainAsOftenAsThePolicySays() throws Exception {
        AtomicInteger attempts = new AtomicInteger();
        try (TaskExecutor executor = executor(0, ExecutionPolicy.once().attempts(3, Duration.ofMillis(20)))) {
            Task<String> flaky = executor.submit(
                    id(1),
                    0,
                    notes -> {
                        notes.add(Metrics.of("attempt", attempts.incrementAndGet(), 1));
                        timer.pass(Duration.ofMillis(5));
                        if (attempts.get() < 3) {
                            throw new IllegalStateException("not yet");
                        }
                        return "there";
                    },
                    late -> {});
            for (int wait : new int[] {20, 40, 0}) {
                assertThat(executor.runNext()).isTrue();
                timer.pass(Duration.ofMillis(wait));
            }
            assertThat(flaky.get()).isEqualTo("there");
        }
        TaskRecord record = records.get(0);
        assertThat(record.attempts()).isEqualTo(3);
        assertThat(Duration.between(record.started(), record.ended())).isEqualTo(Duration.ofMillis(75));
        assertThat(record.runTime()).isEqualTo(Duration.ofMillis(15)); // without the waits of 20 and 40 ms
        assertThat(record.metrics().value("attempt")).isEqualTo(3); // of the last attempt alone
    }

    @Test
    void givesUpAfterTheLastAttemptAndDoesNotTryAnErrorAgain() {
        try (TaskExecutor executor = executor(0, ExecutionPolicy.once().attempts(3, Duration.ofMillis(20)))) {
            Task<String> broken = executor.submit(
                    id(2),
                    0,
                    notes -> {
                        throw new IllegalStateException("never");
                    },
                    late -> {});
            for (int wait : new int[] {20, 40, 0}) {
                assertThat(executor.runNext()).isTrue();
                timer.pass(Duration.ofMillis(wait));
            }
            assertThatThrownBy(broken::get)
                    .isInstanceOf(ExecutionException.class)
                    .hasRootCauseMessage("never");
            Task<String> error = executor.submit(
                    id(3),
                    0,
                    notes -> {
                        throw new AssertionError("a bug");
                    },
                    late -> {});
            assertThat(executor.runNext()).isTrue();
            assertThatThrownBy(error::get).hasRootCauseMessage("a bug");
        }
        assertThat(records).extracting(TaskRecord::attempts).containsExactly(3, 1);
        assertThat(records).extracting(TaskRecord::outcome).containsOnly(Outcome.FAILED);
        assertThat(records.get(0).error()).hasValue("java.lang.IllegalStateException: never");
    }

    @Test
    void interruptsAnAttemptThatTakesTooLong() throws Exception {
        try (TaskExecutor executor = executor(1, ExecutionPolicy.once().timeout(Duration.ofMillis(50)))) {
            Task<String> slow = executor.submit(id(1), 0, TaskExecutorTest::untilInterrupted, late -> {});
            timer.awaitCalls(1);
            timer.pass(Duration.ofMillis(50));
            assertThatThrownBy(slow::get)
                    .hasCauseInstanceOf(TaskTimedOutException.class)
                    .hasMessageContaining("round 1, client 1, train must take at most 50 ms, but took longer");
        }
        assertThat(records.get(0).outcome()).isEqualTo(Outcome.TIMED_OUT);
        assertThat(records.get(0).runTime()).isEqualTo(Duration.ofMillis(50));
    }

    @Test
    void throwsAwayAResultThatComesTooLateAndLeavesNoInterruptBehind() throws Exception {
        List<String> freed = Collections.synchronizedList(new ArrayList<>());
        try (TaskExecutor executor = executor(1, ExecutionPolicy.once().timeout(Duration.ofMillis(20)))) {
            Task<String> deaf = executor.submit(
                    id(1),
                    0,
                    notes -> {
                        timer.pass(Duration.ofMillis(20)); // rings, and nobody hears
                        return "late";
                    },
                    freed::add);
            assertThatThrownBy(deaf::get).hasCauseInstanceOf(TaskTimedOutException.class);
            Task<Boolean> next =
                    executor.submit(id(2), 0, notes -> Thread.currentThread().isInterrupted(), late -> {});
            assertThat(next.get()).isFalse();
        }
        assertThat(freed).containsExactly("late");
    }

    @Test
    void failsATaskThatInterruptsItsOwnThread() throws Exception {
        List<String> freed = Collections.synchronizedList(new ArrayList<>());
        try (TaskExecutor executor = executor(1, ExecutionPolicy.once())) {
            Task<String> marked = executor.submit(
                    id(1),
                    0,
                    notes -> {
                        Thread.currentThread().interrupt();
                        return "made";
                    },
                    freed::add);
            assertThatThrownBy(marked::get)
                    .hasRootCauseMessage(
                            "the thread of round 1, client 1, train must not be left interrupted, but was");
            Task<String> thrown = executor.submit(
                    id(2),
                    0,
                    notes -> {
                        Thread.currentThread().interrupt();
                        throw new InterruptedException("by itself");
                    },
                    freed::add);
            assertThatThrownBy(thrown::get).hasRootCauseMessage("by itself");
            Task<Boolean> next =
                    executor.submit(id(3), 0, notes -> Thread.currentThread().isInterrupted(), late -> {});
            assertThat(next.get()).isFalse();
        }
        assertThat(freed).containsExactly("made");
        assertThat(records)
                .extracting(TaskRecord::outcome)
                .containsExactly(Outcome.FAILED, Outcome.FAILED, Outcome.SUCCEEDED);
    }

    @Test
    void interruptsWhatRunsWhenTheRunIsCancelled() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        try (TaskExecutor executor = executor(1, ExecutionPolicy.once().attempts(5, Duration.ZERO))) {
            Task<String> runs = executor.submit(
                    id(1),
                    0,
                    notes -> {
                        begun.countDown();
                        return untilInterrupted(notes);
                    },
                    late -> {});
            begun.await();
            executor.interruptRunning();
            assertThat(runs.awaitEnd()).isInstanceOf(CancellationException.class);
        }
        assertThat(records.get(0).outcome()).isEqualTo(Outcome.CANCELLED);
        assertThat(records.get(0).attempts()).isEqualTo(1);
    }

    @Test
    void failsTheTasksOfAThreadThatCannotStart() {
        try (TaskExecutor executor = new TaskExecutor(
                1,
                () -> {
                    throw new UnsatisfiedLinkError("no native library");
                },
                ExecutionPolicy.once(),
                records::add)) {
            Task<String> task = executor.submit(id(1), 0, notes -> "never run", late -> {});
            assertThat(task.awaitEnd()).isInstanceOf(UnsatisfiedLinkError.class);
        }
        assertThat(records.get(0).attempts()).isZero();
    }

    @Test
    void endsATaskWhoseRecordCannotEvenBeMade() throws Exception {
        try (TaskExecutor executor = executor(1, ExecutionPolicy.once())) {
            Task<String> task = executor.submit(
                    id(1),
                    0,
                    notes -> {
                        throw new IllegalStateException() {
                            private static final long serialVersionUID = 1L;

                            @Override
                            public String getMessage() {
                                throw new OutOfMemoryError("full");
                            }
                        };
                    },
                    late -> {});
            assertThat(task.awaitEnd()).isInstanceOf(OutOfMemoryError.class);
            assertThat(executor.submit(id(2), 0, notes -> "fine", late -> {}).get())
                    .isEqualTo("fine");
        }
    }

    @Test
    void takesACancelledTaskOutOfTheQueueAndDoesNotTryOneAgainThatRuns() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        try (TaskExecutor executor = executor(1, ExecutionPolicy.once().attempts(5, Duration.ZERO))) {
            Task<String> runs = executor.submit(
                    id(1),
                    0,
                    notes -> {
                        begun.countDown();
                        goOn.await();
                        throw new IllegalStateException("once");
                    },
                    late -> {});
            Task<String> waits = executor.submit(id(2), 0, notes -> "never run", late -> {});
            begun.await();
            assertThat(waits.cancel()).isTrue();
            assertThat(waits.isDone()).isTrue();
            assertThat(runs.cancel()).isFalse();
            goOn.countDown();
            assertThatThrownBy(runs::get).hasRootCauseMessage("once");
        }
        assertThat(order()).containsExactly(2, 1);
        assertThat(records.get(0).outcome()).isEqualTo(Outcome.CANCELLED);
        assertThat(records.get(0).attempts()).isZero();
        assertThat(records.get(1).attempts()).isEqualTo(1);
    }
}
