package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.Worker;
import org.fl4j.core.Admission;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.Client;
import org.fl4j.core.UpdateTransform;
import org.fl4j.data.Dataset;
import org.fl4j.data.FederatedDataset;
import org.fl4j.message.ClientId;
import org.fl4j.message.Facts;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Rejection;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingFacts;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.model.FederatedModel;
import org.fl4j.random.Seed;
import org.fl4j.server.UpdatePolicy;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.TensorEngine;
import org.fl4j.testing.TensorTest;
import org.fl4j.testing.TestClientStates;
import org.fl4j.world.ClientTimes;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever one client does is its own failure, and the others' results are those of a run without it. */
class FaultyClientsTest extends TensorTest {
    private static final LocalTraining TRAINING = LocalTraining.sgd(.1);
    private static final int ROUND = 2;

    private Dataset digits;
    private ClientId victim; // the second of round 2's cohort

    /** What the victim makes of the update that it would have sent. */
    @FunctionalInterface
    private interface Fault {
        ModelUpdate send(TrainingTask task, ModelUpdate update, Worker worker) throws Exception;
    }

    @BeforeEach
    void generate() {
        digits = Fixtures.digits();
        try (RunResult result =
                Fixtures.softmaxRun(digits).rounds(ROUND).build().run()) {
            victim = result.history().get(ROUND - 1).cohort().get(1);
        }
    }

    @AfterEach
    void free() {
        digits.close();
    }

    private SimulationBuilder run(Fault fault) {
        return Fixtures.softmaxRun(digits).clients((id, worker) -> faulty(id, worker, fault));
    }

    private Client faulty(ClientId id, Worker worker, Fault fault) {
        SgdClient honest = new SgdClient(id, worker, TRAINING);
        return new Client() {
            @Override
            public ClientId id() {
                return id;
            }

            @Override
            public ModelUpdate train(TrainingTask task) {
                ModelUpdate update = honest.train(task);
                if (task.round() != ROUND || !id.equals(victim)) {
                    return update;
                }
                try {
                    return fault.send(task, update, worker);
                } catch (Exception e) {
                    throw FaultyClientsTest.<RuntimeException>unchecked(e);
                }
            }

            @Override
            public Metrics evaluate(TrainingTask task) {
                return honest.evaluate(task);
            }
        };
    }

    /** Lets a method throw a checked exception that it does not declare, as other languages of the JVM do. */
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private static <E extends Throwable> E unchecked(Throwable e) throws E {
        throw (E) e;
    }

    private static ModelUpdate like(ModelUpdate update, long examples, long steps, Metrics metrics) {
        return new ModelUpdate(update.client(), update.modelVersion(), examples, steps, update.delta(), metrics);
    }

    private static Arguments failure(String name, String message, Fault fault) {
        return Arguments.of(name, message, fault);
    }

    static Stream<Arguments> failures() {
        return Stream.of(
                failure("nothing", "train must return an update, but returned null", (task, update, worker) -> null),
                failure(
                        "a closed delta",
                        "arrays of the update must be open, but was closed: delta",
                        (task, update, worker) -> {
                            update.close();
                            return update;
                        }),
                failure(
                        "a closed attachment",
                        "arrays of the update must be open, but was closed: attachment mine",
                        (task, update, worker) -> {
                            NDArray attachment = update.delta().floats().duplicate();
                            attachment.close();
                            return update.withAttachment("mine", attachment);
                        }),
                failure(
                        "arrays of a closed manager",
                        "arrays of the update must be open, but was closed: delta",
                        (task, update, worker) -> {
                            try (NDManager own = TensorEngine.newManager(worker.device())) {
                                return update.withDelta(
                                        ParameterVector.zeros(update.delta().layout(), own));
                            }
                        }),
                failure(
                        "the task's model",
                        "arrays of the update must be its own, but one is the model's",
                        (task, update, worker) -> update.withDelta(task.model())),
                failure(
                        "the worker's model",
                        "arrays of the update must be its own, but one is the model's",
                        (task, update, worker) ->
                                update.withDelta(worker.model().parameters())),
                failure(
                        "a task that it closed",
                        "task must stay open, but the client closed the model",
                        (task, update, worker) -> {
                            task.model().close();
                            return update;
                        }),
                failure(
                        "a task that it wrote to",
                        "task must not be written to, but the client wrote to the model",
                        (task, update, worker) -> {
                            task.model().trainable().addi(1);
                            return update;
                        }),
                failure(
                        "a weight that no sum can hold",
                        "weight of metric train/loss must be at most 2^53, but was 1.0E308",
                        (task, update, worker) ->
                                like(update, update.exampleCount(), 1, Metrics.of("train/loss", 1, 1e308))),
                failure(
                        "a fact of the server's",
                        "facts of the update must be the client's, but the server alone knows time/client seconds",
                        (task, update, worker) -> update.with(ClientTimes.SECONDS, 1e-9)),
                failure(
                        "a state in a slot of the server's",
                        "slot that a client keeps must be one that clients own",
                        (task, update, worker) ->
                                update.withKept(Map.of(Slot.ofServer("mira"), StrategyState.empty()))),
                failure(
                        "a closed state",
                        "arrays of the update must be open, but was closed: mine of slot own",
                        (task, update, worker) -> {
                            NDArray mine = update.delta().floats().duplicate();
                            mine.close();
                            return update.withKept(Map.of(
                                    Slot.ofClient("own"), StrategyState.empty().with("mine", mine)));
                        }),
                failure(
                        "the delta as a state",
                        "arrays of the update must be its own, but one was sent before",
                        (task, update, worker) -> update.withKept(Map.of(
                                Slot.ofClient("own"),
                                StrategyState.empty()
                                        .with("mine", update.delta().floats())))),
                failure("an interrupt", "java.lang.InterruptedException: by itself", (task, update, worker) -> {
                    throw new InterruptedException("by itself");
                }),
                failure(
                        "an interrupt while it writes",
                        "java.nio.channels.ClosedByInterruptException",
                        (task, update, worker) -> {
                            Thread.currentThread().interrupt();
                            throw new ClosedByInterruptException();
                        }),
                failure("an interrupted thread", "must not be left interrupted, but was", (task, update, worker) -> {
                    Thread.currentThread().interrupt();
                    return update;
                }),
                failure("a stack overflow", "java.lang.StackOverflowError", (task, update, worker) -> {
                    throw new StackOverflowError();
                }),
                failure("a full heap", "java.lang.OutOfMemoryError: Java heap space", (task, update, worker) -> {
                    throw new OutOfMemoryError("Java heap space");
                }),
                failure("a missing class", "java.lang.NoClassDefFoundError: my/Codec", (task, update, worker) -> {
                    throw new NoClassDefFoundError("my/Codec");
                }),
                failure("a checked exception", "java.io.IOException: no file", (task, update, worker) -> {
                    throw new IOException("no file");
                }));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("failures")
    void aFaultIsThatClientsFailureAndNobodyElses(String name, String message, Fault fault) {
        String without;
        try (RunResult result = run((task, update, worker) -> {
                    throw new IllegalStateException("gone");
                })
                .failurePolicy(FailurePolicy.SKIP_CLIENT)
                .build()
                .run()) {
            without = result.stateSha256();
        }
        for (int workers : new int[] {1, 3}) {
            SimulationBuilder builder = run(fault).workers(workers);
            try (RunResult result =
                    builder.failurePolicy(FailurePolicy.SKIP_CLIENT).build().run()) {
                assertThat(result.end()).isEqualTo(RunResult.End.COMPLETED);
                assertThat(result.history().get(ROUND - 1).failures())
                        .singleElement()
                        .satisfies(failure -> {
                            assertThat(failure.client()).isEqualTo(victim);
                            assertThat(failure.error()).contains(message);
                        });
                assertThat(result.stateSha256()).isEqualTo(without);
            }
            assertThatThrownBy(() -> builder.failurePolicy(FailurePolicy.FAIL_RUN)
                            .build()
                            .run())
                    .isInstanceOf(ClientFailedException.class)
                    .hasMessageStartingWith("round " + ROUND + ", " + victim + " failed: ")
                    .hasMessageContaining(message);
        }
        assertThat(Thread.interrupted()).as("the caller is not interrupted").isFalse();
    }

    private static Arguments claim(String rule, long examples, long steps) {
        return Arguments.of(rule, examples, steps);
    }

    static Stream<Arguments> claims() {
        return Stream.of(
                claim("exampleCount must be at most what the server knows, ", Long.MAX_VALUE, 1),
                claim("localSteps must be in [0, ", 1, -7),
                claim("localSteps must be in [0, ", 1, Long.MAX_VALUE));
    }

    @ParameterizedTest(name = "{1} examples, {2} steps")
    @MethodSource("claims")
    void refusesClaimsThatCannotBeTrue(String rule, long examples, long steps) {
        Fault fault = (task, update, worker) -> like(update, examples, steps, update.metrics());
        try (RunResult result = run(fault).build().run()) {
            assertThat(result.history().get(ROUND - 1).rejected())
                    .singleElement()
                    .satisfies(rejection -> {
                        assertThat(rejection.client()).isEqualTo(victim);
                        assertThat(rejection.reason()).isEqualTo(RejectionReason.FALSE_CLAIM);
                        assertThat(rejection.detail())
                                .startsWith(rule)
                                .endsWith(", but was " + (examples > 1 ? examples : steps));
                    });
            assertThat(result.history().get(ROUND - 1).clients()).hasSize(4);
        }
    }

    @Test
    void knowsHowManyStepsATrainingTakes() {
        ClaimRule rule = new ClaimRule(
                digits.federated(Fixtures.partition(digits)).clients(),
                Optional.of(LocalTraining.sgd(.1).epochs(3).batchSize(1)));
        ParameterVector delta = zeros();
        int examples = rule.clients().exampleCount(victim);
        long most = 10L * 3 * examples;
        assertThat(rule.fault(new ModelUpdate(victim, 0, examples, most, delta, Metrics.none()), Optional.empty()))
                .isEmpty();
        assertThat(rule.fault(new ModelUpdate(victim, 0, examples, most + 1, delta, Metrics.none()), Optional.empty()))
                .hasValue("localSteps must be in [0, " + most + "], but was " + (most + 1));
        ClaimRule unknown = new ClaimRule(rule.clients(), Optional.empty());
        assertThat(unknown.fault(
                        new ModelUpdate(victim, 0, examples, 1_000_000_000, delta, Metrics.none()), Optional.empty()))
                .isEmpty();
    }

    private ParameterVector zeros() {
        return ParameterVector.zeros(new FederatedModel(Fixtures.softmax()).layout(), manager);
    }

    @Test
    void metricsThatAreNoNumbersReachNoMean() {
        Fault fault = (task, update, worker) -> update.with(Facts.of(TrainingFacts.LOSS, Double.NaN))
                .withMeasured(Metrics.of("train/loss", Double.NaN, 10).merge(Metrics.of("own", 1e300, 1)));
        try (RunResult result = run(fault).build().run();
                RunResult honest = Fixtures.softmaxRun(digits).build().run()) {
            RoundReport report = result.history().get(ROUND - 1);
            assertThat(report.clients()).hasSize(5);
            assertThat(report.clients().get(victim).values()).containsOnlyKeys(ClientCall.NOT_FINITE);
            assertThat(report.metrics().value("train/loss")).isFinite();
            assertThat(report.metrics().find("own")).isEmpty();
            assertThat(report.metrics().value(ClientCall.NOT_FINITE)).isEqualTo(2);
            assertThat(result.stateSha256()).isEqualTo(honest.stateSha256());
        }
    }

    /** Keeps the object that it sent first, and sends it ever after. */
    @Test
    void anUpdateThatIsSentAgainLaterIsAFailure() {
        AtomicReference<ModelUpdate> kept = new AtomicReference<>();
        SimulationBuilder builder = Fixtures.softmaxRun(digits)
                .rounds(6)
                .cohortSize(Fixtures.CLIENTS)
                .failurePolicy(FailurePolicy.SKIP_CLIENT)
                .clients((id, worker) -> new SgdClient(id, worker, TRAINING) {
                    @Override
                    protected ModelUpdate upload(TrainingTask task, ModelUpdate update) {
                        if (!id().equals(victim)) {
                            return update;
                        }
                        return kept.compareAndSet(null, update) ? update : kept.get();
                    }
                });
        try (RunResult result = builder.build().run()) {
            assertThat(result.end()).isEqualTo(RunResult.End.COMPLETED);
            assertThat(result.history().get(0).failures()).isEmpty();
            assertThat(result.history().subList(1, 6))
                    .allSatisfy(report -> assertThat(report.failures())
                            .singleElement()
                            .satisfies(failure -> assertThat(failure.client()).isEqualTo(victim)));
        }
    }

    /** Two clients share one array: the first to be folded frees it. */
    @Test
    void twoClientsCannotSendOneArray() {
        AtomicReference<ParameterVector> shared = new AtomicReference<>();
        for (int workers : new int[] {1, 3}) {
            shared.set(null);
            SimulationBuilder builder = Fixtures.softmaxRun(digits)
                    .rounds(1)
                    .workers(workers)
                    .cohortSize(Fixtures.CLIENTS)
                    .failurePolicy(FailurePolicy.SKIP_CLIENT)
                    .clients((id, worker) -> new SgdClient(id, worker, TRAINING) {
                        @Override
                        protected ModelUpdate upload(TrainingTask task, ModelUpdate update) {
                            if (id().index() % 2 == 0) {
                                return update;
                            }
                            shared.compareAndSet(null, update.delta());
                            return update.withDelta(shared.get());
                        }
                    });
            try (RunResult result = builder.build().run()) {
                assertThat(result.history().get(0).clients()).hasSize(Fixtures.CLIENTS / 2 + 1);
                assertThat(result.history().get(0).failures()).hasSize(Fixtures.CLIENTS / 2 - 1);
            }
        }
    }

    private static Aggregator judging(Admission answer) {
        return new Aggregator() {
            @Override
            public Aggregation begin(RoundContext round, ServerState state) {
                Aggregation mean = Fixtures.MEAN.begin(round, state);
                return new Aggregation() {
                    @Override
                    public Admission onModelUpdate(ModelUpdate update) {
                        return answer;
                    }

                    @Override
                    public void add(ModelUpdate update) {
                        mean.add(update);
                    }

                    @Override
                    public void merge(Aggregation other) {
                        mean.merge(other);
                    }

                    @Override
                    public Aggregate combine() {
                        return mean.combine();
                    }
                };
            }
        };
    }

    @Test
    void noAnswerOfAnAggregatorOrAFilterIsNoAdmission() {
        SimulationBuilder builder = Fixtures.softmaxRun(digits).aggregator(judging(null));
        assertThatThrownBy(() -> builder.build().run())
                .hasMessageMatching("round 1: aggregator .* must answer onModelUpdate, but returned null");
        SimulationBuilder filtered =
                Fixtures.softmaxRun(digits).updates(UpdatePolicy.all().filter((update, state) -> null));
        assertThatThrownBy(() -> filtered.build().run())
                .hasMessageMatching("round 1: update filter .* must answer onModelUpdate, but returned null");
    }

    @Test
    void clientsThatBreakTheRulesOfEvaluationFail() {
        Map<Integer, String> rules = Map.of(
                1, "evaluate must return metrics, but returned null",
                2, "task must not be written to, but the client wrote to the model",
                3, "java.lang.OutOfMemoryError: full");
        SimulationBuilder builder = Fixtures.softmaxRun(digits)
                .rounds(1)
                .failurePolicy(FailurePolicy.SKIP_CLIENT)
                .clientEvaluation(digits.federated(Fixtures.partition(digits)), 1)
                .clients((id, worker) -> new SgdClient(id, worker, TRAINING) {
                    @Override
                    public Metrics evaluate(TrainingTask task) {
                        if (id().index() == 1) {
                            return null;
                        } else if (id().index() == 2) {
                            task.model().floats().muli(2);
                        } else if (id().index() == 3) {
                            throw new OutOfMemoryError("full");
                        }
                        return super.evaluate(task);
                    }
                });
        try (RunResult result = builder.build().run()) {
            RoundReport report = result.history().get(0);
            assertThat(report.failures())
                    .hasSize(3)
                    .allSatisfy(failure -> assertThat(failure.error())
                            .contains(rules.get(failure.client().index())));
            assertThat(report.evaluations()).hasSize(Fixtures.CLIENTS - 3);
        }
    }

    @Test
    void aRunThatAcceptedNothingSaysSo() {
        UpdatePolicy none = UpdatePolicy.all()
                .filter((update, state) -> Admission.rejected(RejectionReason.REFUSED, "on principle"));
        try (RunResult result =
                Fixtures.softmaxRun(digits).updates(none).build().run()) {
            assertThat(result.end()).isEqualTo(RunResult.End.NO_UPDATES);
        }
    }

    private static Aggregator infinite() {
        return (round, state) -> {
            Aggregation mean = Fixtures.MEAN.begin(round, state);
            return new Aggregation() {
                @Override
                public void add(ModelUpdate update) {
                    mean.add(update);
                }

                @Override
                public void merge(Aggregation other) {
                    mean.merge(other);
                }

                @Override
                public Aggregate combine() {
                    Aggregate aggregate = mean.combine();
                    if (round.number() == ROUND) {
                        aggregate.delta().orElseThrow().trainable().divi(0);
                    }
                    return aggregate;
                }
            };
        };
    }

    @Test
    void anAggregateThatIsNotFiniteRefusesTheRound() {
        String fault = "aggregate must be finite, but parameter 02Linear_weight has NaN or infinite values";
        SimulationBuilder builder = Fixtures.softmaxRun(digits).aggregator(infinite());
        assertThatThrownBy(() -> builder.build().run())
                .isInstanceOf(RoundRefusedException.class)
                .hasMessage("round " + ROUND + ": " + fault);
        try (RunResult result =
                        builder.failurePolicy(FailurePolicy.SKIP_CLIENT).build().run();
                RunResult before = Fixtures.softmaxRun(digits).rounds(1).build().run()) {
            RoundReport refused = result.history().get(ROUND - 1);
            assertThat(refused.clients()).isEmpty();
            assertThat(refused.rejected())
                    .hasSize(5)
                    .extracting(Rejection::reason, Rejection::detail)
                    .containsOnly(tuple(RejectionReason.ROUND_REFUSED, fault));
            assertThat(refused.metrics().value("test/loss"))
                    .isEqualTo(before.finalMetrics().value("test/loss"));
            assertThat(result.history().get(ROUND).clients()).hasSize(5);
            assertThat(result.state().model().isFinite()).isTrue();
        }
    }

    @Test
    void aClientCannotChangeWhatAnAlgorithmSendsBesideTheModel() {
        SimulationBuilder builder = Fixtures.softmaxRun(digits)
                .failurePolicy(FailurePolicy.SKIP_CLIENT)
                .aggregator(new Aggregator() {
                    @Override
                    public Aggregation begin(RoundContext round, ServerState state) {
                        return Fixtures.MEAN.begin(round, state);
                    }

                    @Override
                    public Map<String, NDArray> attachments(ServerState state) {
                        return Map.of("variate", state.model().trainable());
                    }

                    @Override
                    public boolean sendsAttachments() {
                        return true;
                    }
                })
                .clients((id, worker) -> faulty(id, worker, (task, update, own) -> {
                    task.attachments().get("variate").addi(1);
                    return update;
                }));
        try (RunResult result = builder.build().run()) {
            assertThat(result.history().get(ROUND - 1).failures())
                    .extracting(ClientFailure::client, ClientFailure::error)
                    .containsExactly(tuple(
                            victim,
                            "java.lang.IllegalStateException: task must not be written to, but the client wrote to"
                                    + " attachment variate"));
        }
    }

    /** A transform that returns another client's arrays fails its own client, and frees nothing of the other's. */
    @Test
    void aTransformThatSendsAnothersArraysFreesNothing() {
        FederatedDataset data = digits.federated(Fixtures.partition(digits));
        AtomicReference<ParameterVector> first = new AtomicReference<>();
        UpdateTransform cached = (update, task) -> {
            first.compareAndSet(null, update.delta());
            return update.withDelta(first.get());
        };
        try (FederatedModel model = new FederatedModel(Fixtures.softmax());
                Worker worker = new Worker(model, data, data, new TestClientStates(), Device.cpu())) {
            WorkerHost host = new WorkerHost(
                    worker,
                    (id, its) -> new SgdClient(id, its, TRAINING),
                    cached,
                    new Encoding(Optional.empty()),
                    new ClientCall());
            ParameterVector start = model.initial(new Seed(1), manager);
            RoundContext round = new RoundContext(1, new Seed(1), Fixtures.CLIENTS);
            ModelUpdate sent = host.train(new TrainingTask(round.ticket(new ClientId(0)), 0, start));
            TrainingTask another = new TrainingTask(round.ticket(new ClientId(1)), 0, start);
            for (int attempt = 0; attempt < 2; attempt++) {
                assertThatThrownBy(() -> host.train(another))
                        .hasMessage("arrays of the update must be its own, but one was sent before");
                assertThat(sent.closedArray()).isEmpty();
            }
            sent.close();
        }
    }
}
