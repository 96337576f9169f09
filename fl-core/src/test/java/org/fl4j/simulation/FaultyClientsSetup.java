package org.fl4j.simulation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.Map;
import java.util.stream.Stream;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.Worker;
import org.fl4j.core.Admission;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.Client;
import org.fl4j.data.Dataset;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.model.FederatedModel;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.TensorEngine;
import org.fl4j.testing.TensorTest;
import org.fl4j.world.ClientTimes;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.provider.Arguments;

/** What {@link FaultyClientsTest} and {@link FaultyRoundsTest} share. */
abstract class FaultyClientsSetup extends TensorTest {
    static final LocalTraining TRAINING = LocalTraining.sgd(.1);

    static final int ROUND = 2;

    Dataset digits;

    ClientId victim; // the second of round 2's cohort

    /** What the victim makes of the update that it would have sent. */
    @FunctionalInterface
    interface Fault {
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

    SimulationBuilder run(Fault fault) {
        return Fixtures.softmaxRun(digits).clients((id, worker) -> faulty(id, worker, fault));
    }

    Client faulty(ClientId id, Worker worker, Fault fault) {
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
    static <E extends Throwable> E unchecked(Throwable e) throws E {
        throw (E) e;
    }

    static ModelUpdate like(ModelUpdate update, long examples, long steps, Metrics metrics) {
        return new ModelUpdate(update.client(), update.modelVersion(), examples, steps, update.delta(), metrics);
    }

    static Arguments failure(String name, String message, Fault fault) {
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

    static Arguments claim(String rule, long examples, long steps) {
        return Arguments.of(rule, examples, steps);
    }

    static Stream<Arguments> claims() {
        return Stream.of(
                claim("exampleCount must be at most what the server knows, ", Long.MAX_VALUE, 1),
                claim("localSteps must be in [0, ", 1, -7),
                claim("localSteps must be in [0, ", 1, Long.MAX_VALUE));
    }

    ParameterVector zeros() {
        return ParameterVector.zeros(new FederatedModel(Fixtures.softmax()).layout(), manager);
    }

    static Aggregator judging(Admission answer) {
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

    static Aggregator infinite() {
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
}
