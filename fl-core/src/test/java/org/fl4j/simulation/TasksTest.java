package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.Worker;
import org.fl4j.core.Client;
import org.fl4j.core.ListAggregator;
import org.fl4j.data.Dataset;
import org.fl4j.execution.BottleneckReport;
import org.fl4j.execution.ExecutionPolicy;
import org.fl4j.execution.TaskRecord;
import org.fl4j.execution.TaskRecord.Outcome;
import org.fl4j.execution.TaskTimedOutException;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.ServerState;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.LocalModel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Priorities, retries, time-outs, records and replays of clients in whole runs. */
class TasksTest {
    private static final LocalTraining TRAINING = LocalTraining.sgd(.1);

    private final List<TaskRecord> records = new ArrayList<>();
    private Dataset digits;

    @TempDir
    Path directory;

    @BeforeEach
    void draw() {
        digits = Fixtures.digits();
    }

    @AfterEach
    void free() {
        digits.close();
    }

    private SimulationBuilder setup() {
        return Fixtures.softmaxRun(digits).listener(new RunListener() {
            @Override
            public void tasksEnded(List<TaskRecord> tasks) {
                records.addAll(tasks);
            }
        });
    }

    private static String hash(SimulationBuilder builder) {
        try (RunResult result = builder.build().run()) {
            return result.stateSha256();
        }
    }

    /** A client that does something before it trains. */
    private static Client client(ClientId id, Worker worker, Runnable before) {
        return new SgdClient(id, worker, TRAINING) {
            @Override
            protected void beforeTraining(TrainingTask task, LocalModel model) {
                before.run();
            }
        };
    }

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
                .isEqualTo(hash(setup()));
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
        String plain = hash(setup());
        records.clear();
        ExecutionPolicy reversed =
                ExecutionPolicy.once().priority(id -> 100 - id.index()).aheadPerWorker(5);
        assertThat(hash(setup().workers(1).execution(reversed))).isEqualTo(plain);
        assertThat(records.subList(0, 5))
                .extracting(record -> record.id().client().index())
                .isSortedAccordingTo((a, b) -> b - a);
        assertThat(hash(setup().workers(3).execution(reversed))).isEqualTo(plain);
        assertThat(hash(setup().workers(2).execution(ExecutionPolicy.once().aheadPerWorker(1))))
                .isEqualTo(plain);
    }

    @Test
    void triesAClientAgainAndGivesTheModelOfAnUndisturbedRun() {
        String plain = hash(setup());
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

    /** Waits for the interrupt of a time-out, for nobody counts down. */
    private static InterruptedException untilInterrupted() {
        try {
            new CountDownLatch(1).await();
            throw new AssertionError("nobody counts down");
        } catch (InterruptedException e) {
            return e;
        }
    }

    /**
     * With one worker too: clients under a time-out run on a thread of their own, which may be interrupted. Client 7 never ends by itself.
     * The others may need longer than the limit on a slow machine, so it is doubled until they do not.
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
                        .matches(
                                "\\d{4}-\\d\\d-\\d\\dT\\S+Z round \\d, client \\d+, train: succeeded after \\d+\\.\\d{3} s,"
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

    /** A client that keeps how often it trained, and trains with a rate that depends on it. */
    private static Client counting(ClientId id, Worker worker) {
        return new SgdClient(id, worker, TRAINING) {
            @Override
            protected void beforeTraining(TrainingTask task, LocalModel model) {
                double before = kept(Slot.ofClient("count"))
                        .flatMap(state -> state.number("count"))
                        .orElse(0.0);
                keep(Slot.ofClient("count"), StrategyState.empty().with("count", before + 1));
                model.parameters().trainable().addi(before * 1e-3);
            }
        };
    }

    @Test
    void replaysAnyUpdateToTheSameHash() {
        Simulation simulation =
                setup().clients(TasksTest::counting).hashUpdates(true).build();
        simulation.run().close();
        assertThat(records).hasSize(20);
        List<TaskRecord> recorded = List.copyOf(records);
        assertThat(recorded.stream()
                        .map(record -> record.updateSha256().orElseThrow())
                        .distinct())
                .hasSize(20);
        for (TaskRecord record : List.of(recorded.get(0), recorded.get(12), recorded.get(19))) {
            assertThat(simulation.replay(record.id().round(), record.id().client()))
                    .isEqualTo(record.updateSha256().orElseThrow());
        }
        assertThat(records).hasSize(20); // nobody is told of replays
    }

    @Test
    void replaysFromACheckpointAndLeavesTheRunsFilesAlone() throws Exception {
        SimulationBuilder builder = setup().clients(TasksTest::counting)
                .hashUpdates(true)
                .rounds(6)
                .checkpoints(directory, 1)
                .resume(true);
        builder.aggregator(new ListAggregator(updates -> updates.get(0).delta().copy()))
                .updateStore(new DiskUpdateStore(directory.resolve("updates"), DiskUpdateStore.Retention.RETAIN));
        String model = hash(builder);
        List<String> before = files();
        AtomicInteger trained = new AtomicInteger();
        builder.clients((id, worker) -> {
            trained.incrementAndGet();
            return counting(id, worker);
        });
        for (TaskRecord record : records.subList(25, 30)) { // of round 6, from the checkpoint of round 5
            assertThat(builder.build().replay(6, record.id().client()))
                    .isEqualTo(record.updateSha256().orElseThrow());
        }
        assertThat(trained).hasValue(5); // exactly those clients
        assertThat(builder.build().replay(3, records.get(10).id().client()))
                .isEqualTo(records.get(10).updateSha256().orElseThrow()); // from the start
        assertThat(files()).isEqualTo(before);
        assertThat(hash(builder)).isEqualTo(model);
    }

    private List<String> files() throws Exception {
        try (var walk = Files.walk(directory)) {
            return walk.filter(Files::isRegularFile)
                    .map(file ->
                            directory.relativize(file) + " " + file.toFile().length())
                    .sorted()
                    .toList();
        }
    }

    @Test
    void findsAnUpdateThatIsNotTheSame() {
        Simulation simulation = setup().hashUpdates(true).build();
        simulation.run().close();
        TaskRecord record = records.get(7);
        Simulation other = setup().training(LocalTraining.sgd(.2)).build();
        assertThat(other.replay(record.id().round(), record.id().client()))
                .isNotEqualTo(record.updateSha256().orElseThrow());
    }

    @Test
    void rehearsesOneClientAndKeepsNothing() throws Exception {
        AtomicInteger trained = new AtomicInteger();
        Simulation sound = setup().failurePolicy(FailurePolicy.SKIP_CLIENT)
                .checkpoints(directory, 1)
                .clients((id, worker) -> {
                    trained.incrementAndGet();
                    return counting(id, worker);
                })
                .build();
        assertThat(sound.rehearse()).isPresent();
        assertThat(trained).hasValue(1);
        assertThat(records).isEmpty();
        assertThat(files()).isEmpty();
        Simulation broken = setup().failurePolicy(FailurePolicy.SKIP_CLIENT)
                .uploadTransform((update, task) -> {
                    throw new IllegalArgumentException("update must be sent by post, but was not");
                })
                .build();
        assertThatThrownBy(broken::rehearse)
                .isInstanceOf(ClientFailedException.class)
                .hasRootCauseMessage("update must be sent by post, but was not");
    }

    @Test
    void refusesToReplayWhatDidNotHappen() {
        Simulation simulation = setup().build();
        List<Integer> cohort;
        try (RunResult result = simulation.run()) {
            cohort = result.history().get(1).cohort().stream()
                    .map(ClientId::index)
                    .toList();
        }
        int absent = 0;
        while (cohort.contains(absent)) {
            absent++;
        }
        ClientId other = new ClientId(absent);
        assertThatThrownBy(() -> simulation.replay(2, other))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("client must be one who trained in round 2, [client ")
                .hasMessageEndingWith("], but was " + other);
        assertThatThrownBy(() -> simulation.replay(5, other)).hasMessage("round must be in [1, 4], but was 5");
    }

    @Test
    void hashesADeltaAndItsAttachments() {
        ConcurrentHashMap<String, String> seen = new ConcurrentHashMap<>();
        hash(setup().rounds(1).uploadTransform((update, task) -> {
            ModelUpdate more =
                    update.withAttachment("extra", update.delta().trainable().mul(2));
            seen.put(update.sha256(), more.sha256());
            assertThat(update.sha256()).isEqualTo(update.delta().sha256());
            return update;
        }));
        assertThat(seen).hasSize(5).allSatisfy((plain, more) -> assertThat(more).isNotEqualTo(plain));
    }
}
