package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.fl4j.execution.BottleneckReport;
import org.fl4j.execution.ExecutionPolicy;
import org.fl4j.execution.TaskRecord;
import org.fl4j.execution.TaskRecord.Outcome;
import org.fl4j.execution.TaskTimedOutException;
import org.fl4j.message.ClientId;
import org.fl4j.message.ServerState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Priorities, retries, time-outs, records and replays of clients in whole runs. */
class TasksTest extends TasksSetup {
    /** One worker begins one client; when it has ended, a nanosecond is over. */
    @Test
    void clientsThatHaveNotBegunWhenTheRoundsTimeIsOverAreReported() {
        ExecutionPolicy oneAhead = ExecutionPolicy.once().aheadPerWorker(1);
        try (RunResult result = setup().workers(1)
                .execution(oneAhead.roundLimit(Duration.ofNanos(1)))
                .build()
                .run()) {
            assertThat(result.history()).allSatisfy(round -> {
                assertThat(round.clients()).hasSize(1);
                assertThat(round.failures())
                        .hasSize(4)
                        .allSatisfy(failure -> assertThat(failure.error())
                                .isEqualTo("training of a round must take at most 0 ms, and the client had not begun by"
                                        + " then"));
            });
        }
        assertThat(hash(setup().execution(oneAhead.roundLimit(Duration.ofDays(300)))))
                .isEqualTo(hash(setup().blockTraining(BlockTraining.NEVER)));
        assertThatThrownBy(() -> oneAhead.roundLimit(Duration.ZERO))
                .hasMessage("roundLimit must be positive and at most a year, but was PT0S");
    }

    @Test
    void recordsWhatBecameOfEveryTask() {
        int[] rounds = new int[1];
        SimulationBuilder builder = setup().workers(2)
                .clientEvaluation(digits.federated(Fixtures.partition(digits)), 4)
                .listener(new RunListener() {
                    @Override
                    public void roundEnded(RoundReport report, ServerState state) {
                        rounds[0]++;
                        assertThat(records)
                                .filteredOn(record -> record.id().kind().equals("train"))
                                .hasSize(5 * rounds[0]); // tasks come before their round
                    }
                });
        hash(builder);
        assertThat(records).hasSize(4 * 5 + 12).allSatisfy(record -> {
            assertThat(record.outcome()).isEqualTo(Outcome.SUCCEEDED);
            assertThat(record.attempts()).isEqualTo(1);
            assertThat(record.thread()).isBetween(0, 1);
            assertThat(record.updateSha256()).isEmpty();
        });
        assertThat(records.get(0).id().round()).isEqualTo(1);
        assertThat(records.subList(20, 32))
                .allSatisfy(record -> assertThat(record.id().kind()).isEqualTo("evaluate"));
        BottleneckReport report = BottleneckReport.of(records, 2, 3);
        assertThat(report.utilisation()).isBetween(0.0, 1.0);
        assertThat(report.criticalPath()).isNotEmpty();
    }

    @Test
    void givesTheSameModelWhateverThePrioritiesAndTheWindow() {
        String plain = hash(setup().blockTraining(BlockTraining.NEVER));
        records.clear();
        ExecutionPolicy reversed =
                ExecutionPolicy.once().priority(id -> 100 - id.index()).aheadPerWorker(5);
        assertThat(hash(setup().blockTraining(BlockTraining.NEVER).workers(1).execution(reversed)))
                .isEqualTo(plain);
        assertThat(records.subList(0, 5))
                .extracting(record -> record.id().client().index())
                .isSortedAccordingTo((a, b) -> b - a);
        assertThat(hash(setup().blockTraining(BlockTraining.NEVER).workers(3).execution(reversed)))
                .isEqualTo(plain);
        assertThat(hash(setup().blockTraining(BlockTraining.NEVER)
                        .workers(2)
                        .execution(ExecutionPolicy.once().aheadPerWorker(1))))
                .isEqualTo(plain);
    }

    @Test
    void triesAClientAgainAndGivesTheModelOfAnUndisturbedRun() {
        String plain = hash(setup().blockTraining(BlockTraining.NEVER));
        for (int workers : new int[] {1, 3}) {
            records.clear();
            ConcurrentHashMap<ClientId, AtomicInteger> calls = new ConcurrentHashMap<>();
            SimulationBuilder flaky = setup().workers(workers)
                    .execution(ExecutionPolicy.once().attempts(3, Duration.ofMillis(1)))
                    .clients((id, worker) -> client(id, worker, () -> {
                        if (calls.computeIfAbsent(id, any -> new AtomicInteger())
                                                .getAndIncrement()
                                        % 3
                                < 2) {
                            throw new IllegalStateException("the network is down");
                        }
                    }));
            assertThat(hash(flaky)).isEqualTo(plain);
            assertThat(records)
                    .hasSize(20)
                    .allSatisfy(record -> assertThat(record.attempts()).isEqualTo(3));
        }
    }

    /** The second attempt would begin after a day; the time-out ends a test that waits for it, and measures nothing. */
    @Test
    @Timeout(value = 5, unit = TimeUnit.MINUTES)
    void doesNotTryAgainOnceItIsCancelled() {
        for (int workers : new int[] {1, 2}) {
            AtomicInteger calls = new AtomicInteger();
            Simulation[] self = new Simulation[1];
            self[0] = setup().workers(workers)
                    .execution(ExecutionPolicy.once().attempts(100, Duration.ofDays(1)))
                    .clients((id, worker) -> client(id, worker, () -> {
                        calls.incrementAndGet();
                        self[0].cancel();
                        throw new IllegalStateException("the network is down");
                    }))
                    .build();
            try (RunResult result = self[0].run()) {
                assertThat(result.end()).isEqualTo(RunResult.End.CANCELLED);
            }
            assertThat(calls.get()).isBetween(1, 2 * workers);
        }
    }

    @Test
    void tellsOfTheTasksOfARoundThatFails() {
        SimulationBuilder builder = setup().workers(1)
                .clients((id, worker) -> client(id, worker, () -> {
                    throw new IllegalStateException("out of battery");
                }));
        assertThatThrownBy(() -> hash(builder)).isInstanceOf(ClientFailedException.class);
        assertThat(records).extracting(TaskRecord::outcome).contains(Outcome.FAILED);
        assertThat(records.get(0).error()).hasValue("java.lang.IllegalStateException: out of battery");
    }

    /**
     * With one worker too: clients under a time-out run on a thread of their own, which may be interrupted. Client 7
     * never ends by itself. The others may need longer than the limit on a slow machine, so it is doubled until they do
     * not.
     */
    @Test
    void skipsAClientThatTakesTooLongOrFailsTheRun() {
        for (int workers : new int[] {1, 2}) {
            SimulationBuilder builder = setup().rounds(1)
                    .cohortSize(12)
                    .workers(workers)
                    .clients((id, worker) -> client(id, worker, () -> {
                        if (id.index() == 7) {
                            throw new IllegalStateException(untilInterrupted());
                        }
                    }));
            long millis = 200;
            RoundReport round;
            do {
                millis *= 2;
                builder.failurePolicy(FailurePolicy.SKIP_CLIENT)
                        .execution(ExecutionPolicy.once().timeout(Duration.ofMillis(millis)));
                try (RunResult result = builder.build().run()) {
                    assertThat(result.end()).isEqualTo(RunResult.End.COMPLETED);
                    round = result.history().get(0);
                }
                assertThat(round.failures()).extracting(ClientFailure::client).contains(new ClientId(7));
            } while (round.failures().size() > 1);
            assertThat(round.failures())
                    .containsExactly(new ClientFailure(
                            new ClientId(7),
                            "org.fl4j.execution.TaskTimedOutException: round 1, client 7, train must take at most "
                                    + millis + " ms, but took longer"));
            assertThat(round.clients()).hasSize(11);
            assertThatThrownBy(() -> hash(builder.failurePolicy(FailurePolicy.FAIL_RUN)))
                    .isInstanceOf(ClientFailedException.class)
                    .hasMessageMatching( // another one may be late this time
                            "round 1, client \\d+ failed: org.fl4j.execution.TaskTimedOutException: .*");
        }
    }

    /** As when the interrupt of a time-out comes while a client writes what it keeps. */
    @Test
    void takesATimeOutInAWriteForAFailureAndNotForACancellation() {
        SimulationBuilder builder = setup().rounds(1)
                .execution(ExecutionPolicy.once().timeout(Duration.ofMillis(100)))
                .clients((id, worker) -> client(id, worker, () -> {
                    untilInterrupted();
                    throw new UncheckedIOException(new ClosedByInterruptException());
                }));
        assertThatThrownBy(() -> hash(builder))
                .isInstanceOf(ClientFailedException.class)
                .hasCauseInstanceOf(TaskTimedOutException.class);
    }

    @Test
    void writesTaskRecordsAndTakesBackThoseThatAResumeRepeats() throws Exception {
        Path json = directory.resolve("tasks.jsonl");
        Path text = directory.resolve("tasks.log");
        hash(setup().rounds(3)
                .checkpoints(directory.resolve("checkpoints"), 2)
                .hashUpdates(true)
                .listener(new TaskJsonLines(json))
                .listener(new TaskLog(text)));
        List<TaskRecord> written = TaskJsonLines.read(json);
        assertThat(written).isEqualTo(records).hasSize(15);
        assertThat(Files.readAllLines(text))
                .hasSize(15)
                .allSatisfy(line -> assertThat(line)
                        .matches("\\d{4}-\\d\\d-\\d\\dT\\S+Z round \\d, client \\d+, train: succeeded after"
                                + " \\d+\\.\\d{3} s,"
                                + " queued \\d+\\.\\d{3} s, rank 0, thread \\d\\."));
        Files.delete(directory.resolve("checkpoints").resolve("round-000003.safetensors"));
        Files.writeString(json, Files.readString(json) + "{\"round\":");
        hash(setup().rounds(4)
                .checkpoints(directory.resolve("checkpoints"), 2)
                .resume(true)
                .listener(new TaskJsonLines(json))
                .listener(new TaskLog(text)));
        assertThat(TaskJsonLines.read(json))
                .extracting(record -> record.id().round())
                .isSorted()
                .hasSize(20);
        assertThat(TaskJsonLines.read(json).subList(0, 10)).isEqualTo(written.subList(0, 10));
        assertThat(Files.readAllLines(text)).hasSize(20);
    }
}
