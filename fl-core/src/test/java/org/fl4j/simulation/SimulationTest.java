package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.Worker;
import org.fl4j.core.Aggregator;
import org.fl4j.core.Client;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.ServerOptimizer;
import org.fl4j.core.UpdateTransform;
import org.fl4j.core.UpdateWeighting;
import org.fl4j.data.Dataset;
import org.fl4j.data.FederatedDataset;
import org.fl4j.data.LocalSplit;
import org.fl4j.data.Partition;
import org.fl4j.message.ClientId;
import org.fl4j.message.ClientOrder;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.ServerState;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.model.LearningTask;
import org.fl4j.model.LocalModel;
import org.fl4j.model.Models;
import org.fl4j.random.Seed;
import org.fl4j.registry.StrategyRegistry;
import org.fl4j.server.AddDelta;
import org.fl4j.server.FedAvg;
import org.fl4j.server.ForwardingServer;
import org.fl4j.server.UniformSelector;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.TensorEngine;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SimulationTest {
    private static final LocalTraining TRAINING = LocalTraining.sgd(.1);

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
        return Fixtures.softmaxRun(digits);
    }

    /** A client whose training is disturbed in round 2, if it is the first of its cohort. */
    private static Client disturbed(ClientId id, Worker worker, Set<ClientId> victims, Runnable disturbance) {
        return new SgdClient(id, worker, TRAINING) {
            @Override
            protected void beforeTraining(TrainingTask task, LocalModel model) {
                if (task.round() == 2 && victims.contains(id())) {
                    disturbance.run();
                }
            }
        };
    }

    private List<ClientId> cohort(int round) {
        try (RunResult result = setup().rounds(round).build().run()) {
            return result.history().get(round - 1).cohort();
        }
    }

    @Test
    void learnsAndReportsEveryRound() {
        try (RunResult result = setup().rounds(8).build().run()) {
            assertThat(result.end()).isEqualTo(RunResult.End.COMPLETED);
            assertThat(result.state().round()).isEqualTo(8);
            assertThat(result.history()).extracting(RoundReport::round).containsExactly(1, 2, 3, 4, 5, 6, 7, 8);
            RoundReport first = result.history().get(0);
            assertThat(result.finalMetrics().value("test/accuracy"))
                    .isGreaterThan(first.metrics().value("test/accuracy") + .1);
            assertThat(result.finalMetrics().value("test/loss"))
                    .isLessThan(first.metrics().value("test/loss"));
            assertThat(first.clients()).containsOnlyKeys(first.cohort());
            assertThat(first.metrics().find("train/loss")).isPresent();
            assertThat(first.bytesDown()).isEqualTo(5 * 7850 * 4);
            assertThat(first.bytesUp()).isEqualTo(5 * 7850 * 4);
            assertThat(result.bytesUp()).isEqualTo(8 * 5 * 7850 * 4);
        }
    }

    @Test
    void failsTheRunNamingRoundAndClient() {
        List<ClientId> cohort = cohort(2);
        Simulation simulation = setup().clients((id, worker) -> disturbed(id, worker, Set.of(cohort.get(3)), () -> {
                    throw new IllegalStateException("out of battery");
                }))
                .build();
        assertThatThrownBy(simulation::run)
                .isInstanceOf(ClientFailedException.class)
                .hasMessage("round 2, " + cohort.get(3) + " failed: java.lang.IllegalStateException: out of battery")
                .hasCauseInstanceOf(IllegalStateException.class)
                .satisfies(e -> assertThat(((ClientFailedException) e).round()).isEqualTo(2))
                .satisfies(e -> assertThat(((ClientFailedException) e).client()).isEqualTo(cohort.get(3)));
    }

    @Test
    void skipsAFailedClientAndReportsItWhenToldTo() {
        List<ClientId> cohort = cohort(2);
        SimulationBuilder builder = setup().failurePolicy(FailurePolicy.SKIP_CLIENT)
                .clients((id, worker) -> disturbed(id, worker, Set.of(cohort.get(0)), () -> {
                    throw new IllegalStateException("out of battery");
                }));
        try (RunResult result = builder.build().run()) {
            RoundReport round = result.history().get(1);
            assertThat(round.failures())
                    .containsExactly(
                            new ClientFailure(cohort.get(0), "java.lang.IllegalStateException: out of battery"));
            assertThat(round.clients()).containsOnlyKeys(cohort.subList(1, 5));
            assertThat(result.history().get(2).failures()).isEmpty();
        }
    }

    @Test
    void leavesOutAnUpdateThatIsNotFinite() {
        UpdateTransform poison = (update, task) -> {
            if (task.round() != 2 || update.client().index() % 2 == 0) {
                return update;
            }
            ParameterVector broken = update.delta().copy();
            broken.floats().muli(Float.NaN);
            return update.withDelta(broken);
        };
        try (RunResult result = setup().uploadTransform(poison).build().run()) {
            RoundReport round = result.history().get(1);
            assertThat(round.rejected()).isNotEmpty().allSatisfy(rejection -> {
                assertThat(rejection.reason()).isEqualTo(RejectionReason.NOT_FINITE);
                assertThat(rejection.client().index() % 2).isEqualTo(1);
            });
            assertThat(round.rejected().size() + round.clients().size()).isEqualTo(5);
            assertThat(result.state().model().isFinite()).isTrue();
        }
    }

    @Test
    void refusesAClientThatAnswersForAnother() {
        Simulation simulation = setup().clients((id, worker) -> new Client() {
                    @Override
                    public ClientId id() {
                        return id;
                    }

                    @Override
                    public ModelUpdate train(TrainingTask task) {
                        return new ModelUpdate(
                                new ClientId(99), 0, 1, 1, task.model().copy(), Metrics.none());
                    }

                    @Override
                    public Metrics evaluate(TrainingTask task) {
                        return Metrics.none();
                    }
                })
                .build();
        assertThatThrownBy(simulation::run)
                .isInstanceOf(ClientFailedException.class)
                .hasMessageContaining("client of the update must be client ")
                .hasMessageEndingWith(", but was client 99");
    }

    @Test
    void appliesTheUploadTransform() {
        UpdateTransform nothingLeft = (update, task) -> update.withDelta(ParameterVector.zeros(
                update.delta().layout(), update.delta().floats().getManager()));
        try (RunResult trained = setup().rounds(1).build().run();
                RunResult unmoved =
                        setup().rounds(1).uploadTransform(nothingLeft).build().run();
                RunResult again =
                        setup().rounds(2).uploadTransform(nothingLeft).build().run()) {
            assertThat(unmoved.state().model().sha256())
                    .isNotEqualTo(trained.state().model().sha256())
                    .isEqualTo(again.state().model().sha256());
        }
    }

    @Test
    void endsAtTheNextClientWhenCancelledAndReturnsTheLastWholeRound() {
        AtomicInteger trained = new AtomicInteger();
        Simulation[] simulation = new Simulation[1];
        simulation[0] = setup().rounds(1000)
                .clients((id, worker) -> new SgdClient(id, worker, TRAINING) {
                    @Override
                    protected void afterTraining(TrainingTask task, LocalModel model) {
                        if (task.round() == 3 && trained.incrementAndGet() == 1) {
                            simulation[0].cancel();
                        }
                    }
                })
                .build();
        try (RunResult result = simulation[0].run()) {
            assertThat(result.end()).isEqualTo(RunResult.End.CANCELLED);
            assertThat(result.state().round()).isEqualTo(2);
            assertThat(result.history()).hasSize(2);
            assertThat(result.state().model().isFinite()).isTrue();
        }
    }

    /** Whatever breaks the run off, its last whole round is saved. */
    @Test
    void savesTheLastWholeRoundHoweverTheRunEnds(@TempDir Path directory) {
        for (boolean fails : new boolean[] {false, true}) {
            Path checkpoints = directory.resolve("fails-" + fails);
            Simulation[] simulation = new Simulation[1];
            simulation[0] = setup().rounds(1000)
                    .checkpoints(checkpoints, 50)
                    .clients((id, worker) -> new SgdClient(id, worker, TRAINING) {
                        @Override
                        protected void afterTraining(TrainingTask task, LocalModel model) {
                            if (task.round() == 3) {
                                if (fails) {
                                    throw new IllegalStateException("out of battery");
                                }
                                simulation[0].cancel();
                            }
                        }
                    })
                    .build();
            if (fails) {
                assertThatThrownBy(simulation[0]::run).isInstanceOf(ClientFailedException.class);
            } else {
                simulation[0].run().close();
            }
            assertThat(checkpoints.resolve("round-000002.safetensors")).exists();
        }
    }

    /** Clients of round 4 wait for an interrupt, which only a cancelled run brings. */
    @Test
    void treatsAnInterruptOfTheCallerAsACancellation(@TempDir Path directory) throws InterruptedException {
        for (int workers : new int[] {1, 3}) {
            CountDownLatch fourthRound = new CountDownLatch(1);
            SimulationBuilder builder = setup().rounds(6)
                    .workers(workers)
                    .clientStates(directory.resolve("states " + workers))
                    .sgdClients((id, worker, training) -> new SgdClient(id, worker, training) {
                        @Override
                        protected void afterTraining(TrainingTask task, LocalModel model) {
                            if (task.round() == 4) {
                                fourthRound.countDown();
                                awaitForEver();
                            }
                            keep(
                                    Slot.ofClient("count"),
                                    StrategyState.empty()
                                            .with("kept", model.parameters().floats()));
                        }
                    });
            List<RunResult.End> ends = new ArrayList<>();
            List<Integer> rounds = new ArrayList<>();
            List<Boolean> marks = new ArrayList<>();
            Thread runner = new Thread(() -> {
                try (RunResult result = builder.build().run()) {
                    ends.add(result.end());
                    rounds.add(result.state().round());
                }
                marks.add(Thread.currentThread().isInterrupted());
            });
            runner.start();
            fourthRound.await();
            runner.interrupt();
            runner.join();
            assertThat(ends).containsExactly(RunResult.End.CANCELLED);
            assertThat(rounds).containsExactly(3);
            assertThat(marks).as("the caller stays interrupted").containsExactly(true);
        }
    }

    private static void awaitForEver() {
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted", e);
        }
    }

    /** An interrupt breaks the channel of a file that is written; a listener may make one as well as a caller. */
    @Test
    void anInterruptByAListenerCancelsAndBreaksNoCheckpoint(@TempDir Path checkpoints) {
        RunListener interrupting = new RunListener() {
            @Override
            public void roundEnded(RoundReport report, ServerState state) {
                if (report.round() == 3) {
                    Thread.currentThread().interrupt();
                }
            }
        };
        try (RunResult result = setup().listener(interrupting)
                .checkpoints(checkpoints, 1)
                .build()
                .run()) {
            assertThat(result.end()).isEqualTo(RunResult.End.CANCELLED);
            assertThat(result.state().round()).isEqualTo(3);
        }
        assertThat(Thread.interrupted()).isTrue();
        assertThat(checkpoints.resolve("round-000003.safetensors")).exists();
    }

    @Test
    void leavesNoThreadBehind() throws Exception {
        OwnThreads threads = new OwnThreads();
        Set<String> during = new TreeSet<>();
        SimulationBuilder builder = setup().workers(3).listener(new RunListener() {
            @Override
            public void roundEnded(RoundReport report, ServerState state) {
                during.addAll(threads.alive());
            }
        });
        threads.call(() -> builder.build().run()).close();
        assertThat(during).as("threads during the run").isNotEmpty();
        assertThat(threads.alive()).as("threads left by the run").isEmpty();
    }

    @Test
    void stopsWhenTheTargetIsReached() {
        try (RunResult result = setup().rounds(100)
                .stopRule(StopRule.targetReached("test/accuracy", .4))
                .build()
                .run()) {
            assertThat(result.end()).isEqualTo(RunResult.End.STOPPED_EARLY);
            assertThat(result.state().round()).isLessThan(50);
            assertThat(result.finalMetrics().value("test/accuracy")).isGreaterThanOrEqualTo(.4);
        }
    }

    @Test
    void stopsWhenNothingImproves() {
        try (RunResult result = setup().rounds(100)
                .stopRule(StopRule.noImprovement("test/accuracy", 3, 1))
                .build()
                .run()) {
            assertThat(result.end()).isEqualTo(RunResult.End.STOPPED_EARLY);
            assertThat(result.state().round()).isEqualTo(4);
        }
    }

    @Test
    void evaluatesCentrallyAndOnClientsWhenDue() {
        try (RunResult result = setup().rounds(5)
                .evaluateEvery(2)
                .clientEvaluation(digits.federated(Fixtures.partition(digits)), 3)
                .build()
                .run()) {
            assertThat(result.history())
                    .extracting(report -> report.metrics().find("test/accuracy").isPresent())
                    .containsExactly(false, true, false, true, true);
            assertThat(result.history())
                    .extracting(report -> report.evaluations().size())
                    .containsExactly(0, 0, Fixtures.CLIENTS, 0, Fixtures.CLIENTS);
            assertThat(result.finalMetrics()
                            .values()
                            .get("client/train/accuracy")
                            .weight())
                    .isEqualTo(600);
        }
    }

    @Test
    void metricsOfClientsSayWhatTheyWereMeasuredOn() {
        FederatedDataset whole = digits.federated(Fixtures.partition(digits));
        LocalSplit split = whole.split(.25, new Seed(1));
        assertThat(splits(setup().data(whole).clientEvaluation(whole, 1))).containsExactly("client/train");
        assertThat(splits(setup().data(split.train()).clientEvaluation(whole, 1)))
                .containsExactly("client/train");
        assertThat(splits(setup().data(split.train()).clientEvaluation(split.test(), 1)))
                .containsExactly("client/test");
        assertThat(splits(setup().data(split.train().holdOut(2)).clientEvaluation(split.test(), 1)))
                .containsExactly("client/test", "held-out/test");
        assertThat(splits(setup().data(whole.holdOut(2)).clientEvaluation(whole, 1)))
                .containsExactly("client/train", "held-out/train");
    }

    /** Returns how the names of accuracies begin, without that of the server. */
    private static Set<String> splits(SimulationBuilder builder) {
        try (RunResult result = builder.rounds(1).build().run()) {
            return result.finalMetrics().values().keySet().stream()
                    .filter(name -> name.endsWith("/accuracy") && !name.equals("test/accuracy"))
                    .map(name -> name.replace("/accuracy", ""))
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    @Test
    void clientsThatAreHeldOutEvaluateAndNeverTrain() {
        LocalSplit split = digits.federated(Fixtures.partition(digits)).split(.25, new Seed(1));
        int trained = Fixtures.CLIENTS - 3;
        SimulationBuilder builder = setup().data(split.train().holdOut(3))
                .clientEvaluation(split.test(), 1)
                .cohortSize(trained);
        try (RunResult result = builder.build().run()) {
            assertThat(result.history()).allSatisfy(report -> {
                assertThat(report.cohort()).hasSize(trained).allMatch(client -> client.index() < trained);
                assertThat(report.evaluations()).hasSize(Fixtures.CLIENTS);
                report.evaluations()
                        .forEach((client, measured) -> assertThat(
                                        measured.values().keySet())
                                .allMatch(name -> name.startsWith("held-out/") == (client.index() >= trained)));
            });
        }
        assertThatThrownBy(() -> setup().cohortSize(Fixtures.CLIENTS - 2)
                        .data(split.train().holdOut(3))
                        .build())
                .hasMessage("cohortSize must be in [1, 9], but was 10");
        assertThatThrownBy(() ->
                        setup().clientEvaluation(split.test().holdOut(1), 1).build())
                .hasMessage("clients of clientEvaluation must be at least as many as train, 12, but was 11");
    }

    @Test
    void startsFromAGivenModel() {
        try (RunResult first = setup().rounds(2).build().run();
                RunResult second = setup().rounds(1)
                        .initialModel(first.state().model())
                        .build()
                        .run();
                RunResult fresh = setup().rounds(1).build().run()) {
            assertThat(second.finalMetrics().value("test/loss"))
                    .isLessThan(fresh.finalMetrics().value("test/loss"));
            SimulationBuilder misfit =
                    setup().task(Models.mnist2nn()).initialModel(first.state().model());
            assertThatThrownBy(misfit::build)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("initialModel must fit the task: parameter ");
        }
    }

    @Test
    void refusesABadConfigurationBeforeItRuns() {
        assertThatThrownBy(() -> setup().cohortSize(13).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("cohortSize must be in [1, 12], but was 13");
        assertThatThrownBy(() -> setup().cohortSize(0).build()).hasMessage("cohortSize must be in [1, 12], but was 0");
        assertThatThrownBy(() -> setup().rounds(0).build()).hasMessage("rounds must be at least 1, but was 0");
        assertThatThrownBy(() -> setup().workers(0).build()).hasMessage("workers must be at least 1, but was 0");
        assertThatThrownBy(() -> setup().evaluateEvery(0).build())
                .hasMessage("evaluateEvery must be at least 1, but was 0");
        assertThatThrownBy(() -> setup().checkpoints(directory, 0).build())
                .hasMessage("checkpoint everyRounds must be at least 1, but was 0");
        assertThatThrownBy(() -> setup().resume(true).build())
                .hasMessage("resume must be false without a checkpoint directory, but was true");
        assertThatThrownBy(() -> setup().training(null).build())
                .isInstanceOf(NullPointerException.class)
                .hasMessage("training must not be null");
        assertThatThrownBy(() -> Simulation.builder().build()).hasMessage("task, data, training must not be null");
        assertThatThrownBy(() -> setup().workers(100_000).build())
                .hasMessage("workers must be at most 1024, but was 100000");
    }

    private Path checkpointOf(SimulationBuilder builder) {
        builder.checkpoints(directory, 1).build().run().close();
        return Checkpoint.latest(directory).orElseThrow();
    }

    private static final String OLDER_IS_GOOD =
            " The checkpoint before it, round-000003.safetensors, is good: delete the damaged file to resume after round 3";

    private static String cannotResume(Path file, String... differences) {
        return "checkpoint " + file + ": cannot be resumed from with other settings: " + String.join("; ", differences)
                + ". Use the old settings, or start a new run in another directory";
    }

    private void assertCannotResume(SimulationBuilder builder, String message) {
        Simulation simulation =
                builder.rounds(9).checkpoints(directory, 1).resume(true).build();
        assertThatThrownBy(simulation::run)
                .isInstanceOf(CheckpointException.class)
                .hasMessage(message);
    }

    /** Remembers a vector and a number, and moves by both: a resume that lost either would end elsewhere. */
    private static final ServerOptimizer REMEMBERING = (model, delta, state) -> {
        NDArray velocity = state.tensor("test/velocity")
                .map(NDArray::duplicate)
                .orElseGet(() -> delta.trainable().zerosLike());
        double steps = state.number("test/steps").orElse(0.0) + 1;
        Kernels.decayAndAdd(velocity, .5, delta.trainable(), 1);
        ParameterVector next = AddDelta.withBuffersOf(model, delta);
        Kernels.copy(model.trainable(), next.trainable());
        Kernels.addScaled(next.trainable(), velocity, 1 / steps);
        return new ServerOptimizer.Step(
                next, state.with("test/velocity", velocity).with("test/steps", steps));
    };

    @Test
    void goesOnWithWhatStrategiesRemember() {
        SimulationBuilder remembering = setup().serverOptimizer(REMEMBERING);
        remembering.rounds(2).checkpoints(directory, 1).build().run().close();
        try (RunResult resumed = remembering.rounds(5).resume(true).build().run();
                RunResult undisturbed =
                        setup().serverOptimizer(REMEMBERING).rounds(5).build().run();
                RunResult plain = setup().rounds(5).build().run()) {
            assertThat(resumed.state().strategy().number("test/steps")).hasValue(5.0);
            assertThat(resumed.stateSha256()).isEqualTo(undisturbed.stateSha256());
            assertThat(resumed.stateSha256()).isNotEqualTo(plain.stateSha256());
        }
    }

    @Test
    void keepsTheTwoLatestCheckpoints() throws Exception {
        checkpointOf(setup());
        try (var files = Files.list(directory)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder(
                            "round-000003.safetensors", "round-000004.safetensors", "history.jsonl", "lock");
        }
    }

    @Test
    void refusesACheckpointOfAnotherModel() {
        Path file = checkpointOf(setup());
        assertCannotResume(
                setup().task(Models.mnist2nn()),
                cannotResume(
                        file,
                        "task.architecture.layers was 2 parts when the run began and is 6 parts now",
                        "task.architecture.layers.1.units was 10 when the run began and is 200 now",
                        "task.architecture.layers.2 was absent when the run began and is org.fl4j.model.Layer$Relu now",
                        "task.architecture.layers.3 was absent when the run began and is org.fl4j.model.Layer$Dense now",
                        "task.architecture.layers.3.units was absent when the run began and is 200 now",
                        "and 3 more"));
        assertCannotResume(
                setup().task(Models.softmaxRegression(new Shape(1, 28, 28), 11)),
                cannotResume(file, "task.architecture.layers.1.units was 10 when the run began and is 11 now"));
    }

    @Test
    void refusesACheckpointOfAnotherSeed() {
        Path file = checkpointOf(setup());
        assertCannotResume(setup().seed(4), cannotResume(file, "seed was 3 when the run began and is 4 now"));
    }

    @Test
    void refusesACheckpointOfOtherClients() {
        Path file = checkpointOf(setup());
        Simulation simulation = setup().data(digits.federated(
                        Partition.of(List.of(new int[300], new int[200]), Partition.Allowance.SHARED_ROWS)))
                .cohortSize(2)
                .rounds(9)
                .checkpoints(directory, 1)
                .resume(true)
                .build();
        assertThatThrownBy(simulation::run)
                .isInstanceOf(CheckpointException.class)
                .hasMessageMatching("checkpoint \\Q" + file
                        + "\\E: cannot be resumed from with other settings: clients was 12 with example"
                        + " counts \\w+ when the run began and is 2 with example counts \\w+ now; cohortSize was 5 when"
                        + " the run began and is 2 now; data was .+");
    }

    @Test
    void refusesACheckpointOfALaterRound() {
        Path file = checkpointOf(setup());
        Simulation simulation =
                setup().rounds(3).checkpoints(directory, 1).resume(true).build();
        assertThatThrownBy(simulation::run)
                .isInstanceOf(CheckpointException.class)
                .hasMessage("checkpoint " + file + ": rounds must be at least its round, 4, but was 3");
    }

    @Test
    void refusesToStartAnewAmongTheCheckpointsOfAnotherRun() {
        Path file = checkpointOf(setup());
        Simulation simulation = setup().checkpoints(directory, 1).build();
        assertThatThrownBy(simulation::run)
                .isInstanceOf(CheckpointException.class)
                .hasMessage("checkpoint " + file
                        + ": it is of an earlier run. Maybe resume it, or choose another directory.");
        assertThat(file).exists();
    }

    @Test
    void refusesACheckpointWithAnyDamageInItsHeader() throws Exception {
        Path file = checkpointOf(setup());
        byte[] whole = Files.readAllBytes(file);
        Simulation resumed =
                setup().rounds(4).checkpoints(directory, 1).resume(true).build();
        for (int at = 0; at < 1200; at += 7) {
            byte[] damaged = whole.clone();
            damaged[at] ^= 4;
            Files.write(file, damaged);
            assertThatThrownBy(resumed::run).as("byte " + at).isInstanceOf(CheckpointException.class);
        }
    }

    @Test
    void savesTheLastRoundOfARunThatStopsEarly() {
        try (RunResult result = setup().rounds(100)
                .checkpoints(directory, 50)
                .stopRule(history -> history.size() == 3)
                .build()
                .run()) {
            assertThat(result.end()).isEqualTo(RunResult.End.STOPPED_EARLY);
            assertThat(Checkpoint.latest(directory)).hasValue(directory.resolve("round-000003.safetensors"));
        }
    }

    @Test
    void reportsClientsThatFailToEvaluate() {
        SimulationBuilder builder = setup().rounds(1)
                .failurePolicy(FailurePolicy.SKIP_CLIENT)
                .clientEvaluation(digits.federated(Fixtures.partition(digits)), 1)
                .clients((id, worker) -> new SgdClient(id, worker, TRAINING) {
                    @Override
                    public Metrics evaluate(TrainingTask task) {
                        if (id().index() == 7) {
                            throw new IllegalStateException("no battery");
                        }
                        return super.evaluate(task);
                    }
                });
        try (RunResult result = builder.build().run()) {
            RoundReport report = result.history().get(0);
            assertThat(report.failures())
                    .containsExactly(new ClientFailure(new ClientId(7), "java.lang.IllegalStateException: no battery"));
            assertThat(report.evaluations()).hasSize(Fixtures.CLIENTS - 1);
        }
    }

    /** A server around the composed one that sends client 0 a model of zeros. */
    @Test
    void runsAServerOfYourOwn() {
        SimulationBuilder builder = setup().cohortSize(Fixtures.CLIENTS)
                .rounds(1)
                .server((composed, run) -> new ForwardingServer(composed) {
                    @Override
                    public RoundPlan plan(ServerState state, ClientDirectory available, RoundContext round) {
                        NDManager manager = state.model().floats().getManager();
                        return super.plan(state, available, round)
                                .withOrder(
                                        new ClientId(0),
                                        order -> ClientOrder.ownModel(() -> ParameterVector.zeros(
                                                state.model().layout(), manager)));
                    }

                    @Override
                    public Metrics evaluate(ServerState state, RoundContext round) {
                        return Metrics.none();
                    }
                });
        try (RunResult own = builder.build().run();
                RunResult plain =
                        setup().cohortSize(Fixtures.CLIENTS).rounds(1).build().run()) {
            assertThat(own.stateSha256()).isNotEqualTo(plain.stateSha256());
            assertThat(own.finalMetrics().find("test/accuracy")).isEmpty();
        }
    }

    @Test
    void refusesExamplesOfAnotherSizeThanTheTasks() {
        assertThatThrownBy(() -> setup().task(Models.cifarCnn()).build())
                .hasMessage("size of an example of test data must be the task's, 3072, but was 784");
        assertThatThrownBy(() -> setup().task(Models.cifarCnn()).testData(null).build())
                .hasMessage("size of an example of training data must be the task's, 3072, but was 784");
    }

    @Test
    void refusesALearningRateScheduleThatGivesNoRate() {
        Simulation simulation =
                setup().training(TRAINING.learningRate(round -> Double.NaN)).build();
        assertThatThrownBy(simulation::run)
                .hasMessageEndingWith("learningRate must be positive and finite, but was NaN");
    }

    @Test
    void refusesACheckpointWithAFlippedBit() throws Exception {
        Path file = checkpointOf(setup());
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 100] ^= 1;
        Files.write(file, bytes);
        assertCannotResume(
                setup(),
                "checkpoint " + file + ": cannot be read: the values do not have the SHA-256 they were saved with."
                        + OLDER_IS_GOOD);
    }

    @Test
    void refusesATruncatedCheckpoint() throws Exception {
        Path file = checkpointOf(setup());
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, bytes.length - 7));
        assertCannotResume(
                setup(),
                "checkpoint " + file + ": cannot be read: " + file + ": the end is missing, 7 bytes." + OLDER_IS_GOOD);
    }

    @Test
    void refusesAFileThatIsNoCheckpoint() throws Exception {
        Path file = checkpointOf(setup());
        Files.writeString(file, "{}");
        assertThatThrownBy(() -> setup().rounds(9)
                        .checkpoints(directory, 1)
                        .resume(true)
                        .build()
                        .run())
                .isInstanceOf(CheckpointException.class)
                .hasMessageStartingWith("checkpoint " + file + ": cannot be read: ");
    }

    @Test
    void saysWhichCheckpointCannotBeWritten() throws Exception {
        Path notADirectory = Files.createFile(directory.resolve("file"));
        Simulation simulation = setup().checkpoints(notADirectory, 1).build();
        assertThatThrownBy(simulation::run)
                .isInstanceOf(CheckpointException.class)
                .hasMessage("checkpoint " + notADirectory + ": cannot lock " + notADirectory + ": file already exists");
    }

    @Test
    void recordsRoundsAsCsvAndJsonLinesAndTakesBackWhatAResumeRepeats() throws Exception {
        Path csv = directory.resolve("rounds.csv");
        Path json = directory.resolve("rounds.jsonl");
        SimulationBuilder builder = setup().checkpoints(directory.resolve("checkpoints"), 3)
                .listener(new CsvListener(csv, List.of("test/accuracy", "no such metric")))
                .listener(new JsonLinesListener(json))
                .listener(new LogListener());
        // ends like a crash after round 5, with a checkpoint of round 3
        Simulation crashing = builder.rounds(6)
                .listener(new RunListener() {
                    @Override
                    public void roundEnded(RoundReport report, ServerState state) {
                        if (report.round() == 5) {
                            throw new IllegalStateException("disk full");
                        }
                    }
                })
                .build();
        assertThatThrownBy(crashing::run).hasMessage("disk full");
        assertThat(Files.readAllLines(csv)).hasSize(6);
        Files.writeString(json, "{\"round\": 6, \"metr", StandardOpenOption.APPEND);
        String third = Files.readAllLines(csv).get(3);

        try (RunResult result = setup().rounds(6)
                .checkpoints(directory.resolve("checkpoints"), 3)
                .resume(true)
                .listener(new CsvListener(csv, List.of("test/accuracy", "no such metric")))
                .listener(new JsonLinesListener(json))
                .build()
                .run()) {
            List<String> lines = Files.readAllLines(csv);
            assertThat(lines.get(0))
                    .isEqualTo("round,test/accuracy,no such metric,accepted,rejected,failed,"
                            + "bytes_down,bytes_up,train_seconds,evaluation_seconds");
            assertThat(lines).hasSize(7);
            assertThat(lines.get(3)).isEqualTo(third);
            assertThat(lines.get(6))
                    .startsWith("6," + result.finalMetrics().value("test/accuracy") + ",,5,0,0,157000,157000,");
            List<RoundReport> read = new ArrayList<>();
            for (String line : Files.readAllLines(json)) {
                read.add(ReportJson.read(JsonParser.parseString(line).getAsJsonObject()));
            }
            assertThat(read).isEqualTo(result.history());
        }
    }

    /** Federated averaging needs no other module than this one. */
    @Test
    void runsFedAvgByNames() {
        StrategyRegistry registry = StrategyRegistry.load();
        SimulationBuilder named = setup().selector(registry.parse(ClientSelector.class, "uniform"))
                .aggregator(registry.parse(Aggregator.class, "fedavg:weighting=uniform"))
                .serverOptimizer(registry.parse(ServerOptimizer.class, "plain:learningRate=1"));
        SimulationBuilder typed =
                setup().selector(new UniformSelector()).aggregator(new FedAvg(UpdateWeighting.uniform()));
        try (RunResult one = named.build().run();
                RunResult two = typed.build().run()) {
            assertThat(one.stateSha256()).isEqualTo(two.stateSha256());
        }
    }

    @Test
    void checkpointsAreReadOutsideOfRuns() {
        try (RunResult result = setup().checkpoints(directory, 2).build().run();
                NDManager own = TensorEngine.newManager(Device.cpu())) {
            Path file = Checkpoint.latest(directory).orElseThrow();
            Checkpoint loaded = Checkpoint.load(file, Fixtures.softmax(), own);
            assertThat(loaded.state().sha256()).isEqualTo(result.stateSha256());
            assertThat(loaded.history()).hasSameSizeAs(result.history());
            LearningTask other = Models.softmaxRegression(new Shape(1, 28, 28), 11);
            assertThatThrownBy(() -> Checkpoint.load(file, other, own))
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining(file.toString());
        }
    }
}
