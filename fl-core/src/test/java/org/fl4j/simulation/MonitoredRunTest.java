package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.data.Dataset;
import org.fl4j.execution.TaskRecord;
import org.fl4j.message.ServerState;
import org.fl4j.monitoring.AdaptationRule;
import org.fl4j.monitoring.ResourceProbe;
import org.fl4j.monitoring.ResourceUsage;
import org.fl4j.server.ForwardingServer;
import org.fl4j.world.World;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that look at the machine, and adapt to it. */
class MonitoredRunTest {
    /** Busy in rounds 2, 3 and 5. */
    private static final ResourceProbe SCRIPT = round -> new ResourceUsage(
            round == 2 || round == 3 || round == 5 ? .95 : .1,
            /* memory= */ .2,
            /* availableMemoryBytes= */ 8L << 30,
            /* disk= */ .5,
            /* processBytes= */ 1 << 20,
            OptionalDouble.empty(),
            OptionalDouble.empty());

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
        return Fixtures.softmaxRun(digits).rounds(6);
    }

    private static String hash(SimulationBuilder builder) {
        try (RunResult result = builder.build().run()) {
            return result.state().model().sha256();
        }
    }

    @Test
    void putsResourcesIntoTheMetricsOfRoundsAndTasks() throws Exception {
        OwnThreads threads = new OwnThreads();
        Set<String> during = new TreeSet<>();
        List<TaskRecord> records = new ArrayList<>();
        SimulationBuilder monitored = setup().monitor(SCRIPT, Duration.ofMillis(50))
                .listener(new RunListener() {
                    @Override
                    public void tasksEnded(List<TaskRecord> tasks) {
                        records.addAll(tasks);
                    }

                    @Override
                    public void roundEnded(RoundReport report, ServerState state) {
                        during.addAll(threads.alive());
                    }
                });
        try (RunResult result = threads.call(() -> monitored.build().run());
                RunResult plain = setup().build().run()) {
            assertThat(result.state().model().sha256())
                    .isEqualTo(plain.state().model().sha256());
            assertThat(result.history()).allSatisfy(report -> {
                assertThat(report.metrics().value("resource/memory")).isPositive();
                assertThat(report.metrics().value("resource/process bytes max")).isEqualTo(1 << 20);
                assertThat(report.metrics().find("resource/cpu")).isPresent();
                assertThat(report.metrics().value("resource/disk")).isEqualTo(.5);
            });
            assertThat(plain.finalMetrics().find("resource/cpu")).isEmpty();
        }
        assertThat(records)
                .hasSize(30)
                .allSatisfy(record ->
                        assertThat(record.metrics().find("resource/memory")).isPresent());
        assertThat(during).contains("fl4j-monitor");
        assertThat(threads.alive()).as("threads left by the run").isEmpty();
    }

    @Test
    void adaptsBatchesAndStepsAsTheScriptSaysOnAnyNumberOfWorkersAndAfterAResume() throws Exception {
        AdaptiveTraining adaptive = new AdaptiveTraining(SCRIPT, AdaptationRule.upToOwnBatch());
        List<Double> batches = new ArrayList<>();
        List<Double> shares = new ArrayList<>();
        String one;
        try (RunResult result = setup().workers(1).algorithm(adaptive).build().run()) {
            one = result.state().model().sha256();
            result.history().forEach(report -> {
                batches.add(report.metrics().value("adaptation/batch size"));
                shares.add(report.metrics().value("adaptation/steps share"));
            });
        }
        assertThat(batches).containsExactly(10.0, 5.0, 2.0, 4.0, 2.0, 4.0);
        assertThat(shares).containsExactly(1.0, .5, .5, 1.0, .5, 1.0);
        assertThat(hash(setup().workers(3).algorithm(adaptive))).isEqualTo(one);
        hash(setup().algorithm(adaptive).checkpoints(directory, 1).rounds(3));
        try (var files = Files.list(directory)) {
            assertThat(files).isNotEmpty();
        }
        assertThat(hash(setup().algorithm(adaptive).checkpoints(directory, 1).resume(true)))
                .isEqualTo(one);
        assertThat(hash(setup())).isNotEqualTo(one);
    }

    /** A busy machine's round is the round of a training with half the batch and half of that training's steps. */
    @Test
    void trainsWithTheAdaptedBatchesAndSteps() {
        ResourceProbe busy = round -> ResourceUsage.of(.95, .2, 8L << 30);
        SimulationBuilder adapted = setup().rounds(1)
                .training(LocalTraining.sgd(.1).steps(8))
                .algorithm(new AdaptiveTraining(busy, AdaptationRule.fedscale()));
        String half = hash(
                setup().rounds(1).training(LocalTraining.sgd(.1).batchSize(5).steps(4)));
        assertThat(hash(adapted)).isEqualTo(half);
        assertThat(hash(setup().rounds(1).training(LocalTraining.sgd(.1).steps(8))))
                .isNotEqualTo(half);
    }

    /** Round 3 does not end before the probe has failed in it, so the run finds out, however fast it is. */
    @Test
    void keepsTheRoundsBeforeAProbeThatFails() throws Exception {
        CountDownLatch failed = new CountDownLatch(1);
        ResourceProbe broken = round -> {
            if (round >= 3) {
                failed.countDown();
                throw new IllegalStateException("no such sensor");
            }
            return ResourceUsage.of(.1, .2, 8L << 30);
        };
        SimulationBuilder monitored = setup().rounds(100_000)
                .checkpoints(directory, 100_000)
                .monitor(broken, Duration.ofMillis(1))
                .listener(new RunListener() {
                    @Override
                    public void roundEnded(RoundReport report, ServerState state) {
                        if (report.round() == 3) {
                            waitFor(failed);
                        }
                    }
                });
        assertThatThrownBy(() -> hash(monitored))
                .hasMessage("the resource probe failed: java.lang.IllegalStateException: no such sensor")
                .hasNoSuppressedExceptions();
        try (var files = Files.list(directory)) {
            assertThat(files.map(file -> file.getFileName().toString())).anyMatch(name -> name.startsWith("round-"));
        }
    }

    private static void waitFor(CountDownLatch event) {
        try {
            event.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void adaptsTheTasksOfAServerThatIsSetLater() {
        AdaptiveTraining adaptive = new AdaptiveTraining(SCRIPT, AdaptationRule.fedscale());
        String adapted = hash(setup().algorithm(adaptive));
        String around = hash(setup().algorithm(adaptive).server((composed, run) -> new ForwardingServer(composed) {}));
        assertThat(around).isEqualTo(adapted).isNotEqualTo(hash(setup()));
    }

    @Test
    void refusesWhatCannotBeAdapted() {
        AdaptiveTraining adaptive = new AdaptiveTraining(SCRIPT, AdaptationRule.fedscale());
        assertThatThrownBy(() -> setup().algorithm(adaptive)
                        .clients((id, worker) -> new SgdClient(id, worker, LocalTraining.sgd(.1)))
                        .build())
                .hasMessage("clients under adaptive training must be such as train by the run's training, but was"
                        + " of your own making");
        assertThatThrownBy(() -> setup().algorithm(adaptive)
                        .training(LocalTraining.sgd(.1).fullBatch())
                        .build())
                .hasMessage("batchSize under adaptive training must be in [1, 2147483646], but was 2147483647");
        assertThatThrownBy(() -> setup().algorithm(new AdaptiveTraining(
                                SCRIPT, new AdaptationRule(.8, .7, 0, /* leastBatch= */ 16, 1, .5)))
                        .build())
                .hasMessage("batchSize under adaptive training must be in [16, 2147483646], but was 10");
        assertThatThrownBy(() -> setup().algorithm(adaptive)
                        .algorithm(new SynchronousTime(new World((client, round, work) -> 1), 10))
                        .build())
                .hasMessage("time under adaptive training must be the machine's, but was simulated");
    }
}
