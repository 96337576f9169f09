package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.fl4j.client.LocalStep;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.SgdClientFactory;
import org.fl4j.client.Worker;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.UpdateTransform;
import org.fl4j.core.UpdateWeighting;
import org.fl4j.data.ClientExamples;
import org.fl4j.data.Examples;
import org.fl4j.data.FederatedDataset;
import org.fl4j.execution.ExecutionPolicy;
import org.fl4j.execution.TaskRecord;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Rejection;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.LocalModel;
import org.fl4j.model.Models;
import org.fl4j.server.FedAvg;
import org.fl4j.server.WeightedMean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole runs whose clients train in blocks. */
class BlockRunsTest extends RunSetup {
    private static final int FOUR = 4; // clients of a block

    /** The mean of FedAvg, of which nobody knows that it is a sum: the server takes each update. */
    private static final Aggregator EACH = (round, state) -> new WeightedMean(UpdateWeighting.byExampleCount(), state);

    private SimulationBuilder blocks() {
        return setup().aggregator(new FedAvg()).cohortSize(10).blockSize(FOUR).blockTraining(BlockTraining.ALWAYS);
    }

    private static String hash(SimulationBuilder run) {
        try (RunResult result = run.build().run()) {
            return result.stateSha256();
        }
    }

    @Test
    void bitsDoNotDependOnWorkersNorOnWhoSums() {
        String expected = hash(blocks().workers(1));
        for (int workers : new int[] {2, 3, 8}) {
            assertThat(hash(blocks().workers(workers))).isEqualTo(expected);
        }
        assertThat(hash(blocks().hashUpdates(true))).as("updates one by one").isEqualTo(expected);
        assertThat(hash(blocks().aggregator(EACH))).as("the server adds").isEqualTo(expected);
        assertThat(hash(blocks().blockSize(3))).as("blocks are part of the run").isNotEqualTo(expected);
    }

    @Test
    void agreesWithClientsThatTrainOneByOneButForRounding() {
        try (RunResult together = blocks().build().run();
                RunResult alone =
                        blocks().blockTraining(BlockTraining.NEVER).build().run()) {
            float[] expected = alone.state().model().floats().toFloatArray();
            assertThat(together.state().model().floats().toFloatArray()).containsExactly(expected, within(1e-5f));
            for (int round = 0; round < 4; round++) {
                RoundReport one = alone.history().get(round);
                RoundReport other = together.history().get(round);
                assertThat(other.cohort()).isEqualTo(one.cohort());
                assertThat(other.bytesUp()).isEqualTo(one.bytesUp());
                assertThat(other.bytesDown()).isEqualTo(one.bytesDown());
                assertThat(other.clients().keySet()).isEqualTo(one.clients().keySet());
                assertThat(other.metrics().value("train/loss"))
                        .isCloseTo(one.metrics().value("train/loss"), within(1e-4));
            }
        }
    }

    @Test
    void aResumeGivesTheBitsOfAnUnbrokenRun() {
        String expected = hash(blocks().rounds(5));
        hash(blocks().rounds(2).checkpoints(directory, 1));
        assertThat(hash(blocks().rounds(5).checkpoints(directory, 1).resume(true)))
                .isEqualTo(expected);
    }

    @Test
    void aReplayedClientTrainsInItsBlock() {
        List<TaskRecord> records = new ArrayList<>();
        Simulation simulation = blocks().checkpoints(directory, 1)
                .hashUpdates(true)
                .listener(new RunListener() {
                    @Override
                    public void tasksEnded(List<TaskRecord> tasks) {
                        records.addAll(tasks);
                    }
                })
                .build();
        simulation.run().close();
        assertThat(records).hasSize(40);
        Simulation again = blocks().checkpoints(directory, 1).build();
        records.stream()
                .filter(record -> record.id().round() == 4)
                .forEach(record -> assertThat(again.replay(4, record.id().client()))
                        .isEqualTo(record.updateSha256().orElseThrow()));
    }

    /** Data in which something is wrong with one client. */
    private FederatedDataset with(int faulty, IntFunction<ClientExamples> instead) {
        FederatedDataset sound = digits.federated(Fixtures.partition(digits));
        return new FederatedDataset() {
            @Override
            public ClientDirectory clients() {
                return sound.clients();
            }

            @Override
            public ClientExamples examples(ClientId client, Device device) {
                return client.index() == faulty ? instead.apply(faulty) : sound.examples(client, device);
            }

            @Override
            public String fingerprint() {
                return "faulty";
            }
        };
    }

    private static ClientExamples unreadable(int client) {
        throw new IllegalStateException("disk of client " + client);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aClientThatFailsIsReportedAndHarmsNoOther(boolean sums) {
        SimulationBuilder run = blocks().cohortSize(Fixtures.CLIENTS)
                .aggregator(sums ? new FedAvg() : EACH)
                .data(with(5, BlockRunsTest::unreadable));
        try (RunResult result =
                run.failurePolicy(FailurePolicy.SKIP_CLIENT).build().run()) {
            assertThat(result.history()).hasSize(4).allSatisfy(round -> {
                assertThat(round.failures())
                        .containsExactly(new ClientFailure(
                                new ClientId(5), "java.lang.IllegalStateException: disk of client 5"));
                assertThat(round.clients()).hasSize(Fixtures.CLIENTS - 1);
            });
        }
        SimulationBuilder strict = blocks().cohortSize(Fixtures.CLIENTS)
                .aggregator(sums ? new FedAvg() : EACH)
                .data(with(5, BlockRunsTest::unreadable));
        assertThatThrownBy(() -> strict.build().run())
                .isInstanceOf(ClientFailedException.class)
                .hasMessageContaining("round 1, client 5 failed")
                .hasRootCauseMessage("disk of client 5");
    }

    private static String reason(boolean before, boolean closes) {
        if (!closes) {
            return "task must not be written to, but the client wrote to the model";
        }
        return before ? "has been released already" : "task must stay open, but the client closed the model";
    }

    /** Client 5 writes to what it was sent, or closes it, which its block shares, before or after the steps. */
    private static final class Scribbler extends SgdClient {
        private final boolean before;
        private final boolean closes;

        Scribbler(ClientId id, Worker worker, LocalTraining training, boolean before, boolean closes) {
            super(id, worker, training);
            this.before = before;
            this.closes = closes;
        }

        private void scribble(TrainingTask task, boolean now) {
            if (now && id().index() == 5 && !closes) {
                task.model().floats().addi(1);
            } else if (now && id().index() == 5) {
                task.model().floats().close();
            }
        }

        @Override
        protected void beforeTraining(TrainingTask task, LocalModel model) {
            scribble(task, before);
        }

        @Override
        protected ModelUpdate upload(TrainingTask task, ModelUpdate update) {
            scribble(task, !before);
            return update;
        }
    }

    @ParameterizedTest
    @CsvSource({"true, false", "false, false", "true, true", "false, true"})
    void aClientThatWritesToItsTaskFailsAlone(boolean before, boolean closes) {
        FederatedDataset data = digits.federated(Fixtures.partition(digits));
        SimulationBuilder run = blocks().cohortSize(Fixtures.CLIENTS)
                .sgdClients(SgdClientFactory.ofOneClass(
                        Scribbler.class, (id, worker, training) -> new Scribbler(id, worker, training, before, closes)))
                .failurePolicy(FailurePolicy.SKIP_CLIENT);
        SimulationBuilder without = blocks().cohortSize(Fixtures.CLIENTS)
                .aggregator(EACH)
                .data(with(5, BlockRunsTest::unreadable))
                .failurePolicy(FailurePolicy.SKIP_CLIENT);
        try (RunResult result = run.data(data).build().run();
                RunResult expected = without.build().run()) {
            assertThat(result.history()).allSatisfy(round -> {
                assertThat(round.failures()).extracting(ClientFailure::client).containsExactly(new ClientId(5));
                assertThat(round.failures().get(0).error()).contains(reason(before, closes));
                assertThat(round.clients()).hasSize(Fixtures.CLIENTS - 1);
            });
            assertThat(result.state().model().floats().toFloatArray())
                    .containsExactly(expected.state().model().floats().toFloatArray(), within(1e-5f));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anUpdateThatIsNotFiniteIsRejected(boolean sums) {
        FederatedDataset data = with(5, client -> {
            NDArray features =
                    digits.train().features().getManager().create(new ai.djl.ndarray.types.Shape(3, 1, 28, 28));
            Examples poisoned = new Examples(
                    features.mul(Float.NaN), digits.train().labels().get("0:3"));
            return new ClientExamples(poisoned, new int[] {0, 1, 2});
        });
        try (RunResult result = blocks().cohortSize(Fixtures.CLIENTS)
                .aggregator(sums ? new FedAvg() : EACH)
                .data(data)
                .build()
                .run()) {
            assertThat(result.history()).allSatisfy(round -> {
                assertThat(round.rejected())
                        .extracting(Rejection::client, Rejection::reason)
                        .containsExactly(
                                org.assertj.core.groups.Tuple.tuple(new ClientId(5), RejectionReason.NOT_FINITE));
                assertThat(round.clients()).hasSize(Fixtures.CLIENTS - 1);
            });
            assertThat(result.state().model().isFinite()).isTrue();
        }
    }

    @Test
    void transformsSeeEachUpdate() {
        UpdateTransform half = (update, task) -> {
            update.delta().floats().muli(.5);
            return update;
        };
        try (RunResult together =
                        blocks().rounds(1).uploadTransform(half).build().run();
                RunResult alone = blocks().rounds(1)
                        .uploadTransform(half)
                        .blockTraining(BlockTraining.NEVER)
                        .build()
                        .run()) {
            assertThat(together.state().model().floats().toFloatArray())
                    .containsExactly(alone.state().model().floats().toFloatArray(), within(1e-6f));
        }
    }

    /** A client of the first block waits for one of the second. */
    @Test
    @Timeout(value = 5, unit = TimeUnit.MINUTES)
    void workersHaveABlockEach() {
        CountDownLatch both = new CountDownLatch(2);
        Map<Integer, Boolean> begun = new HashMap<>();
        FederatedDataset sound = digits.federated(Fixtures.partition(digits));
        FederatedDataset waiting = new FederatedDataset() {
            @Override
            public ClientDirectory clients() {
                return sound.clients();
            }

            @Override
            public ClientExamples examples(ClientId client, Device device) {
                boolean first;
                synchronized (begun) {
                    first = begun.put(client.index() / FOUR, true) == null
                            && Thread.currentThread().getName().startsWith("fl4j");
                }
                if (first && client.index() < 2 * FOUR) {
                    both.countDown();
                    try {
                        both.await();
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                }
                return sound.examples(client, device);
            }

            @Override
            public String fingerprint() {
                return "waiting";
            }
        };
        Simulation simulation = blocks().cohortSize(Fixtures.CLIENTS)
                .data(waiting)
                .workers(2)
                .rounds(1)
                .build();
        synchronized (begun) {
            begun.clear(); // of what was looked at when the run was built
        }
        simulation.run().close();
        assertThat(begun).hasSize(3);
    }

    private static final class OwnSteps extends SgdClient {
        OwnSteps(ClientId id, Worker worker, LocalTraining training) {
            super(id, worker, training);
        }

        @Override
        protected void afterBackward(LocalStep step) {}
    }

    @Test
    void saysWhoCannotTrainInBlocks() {
        LocalTraining training = LocalTraining.sgd(.1);
        assertThatThrownBy(() -> blocks().clients((id, worker) -> new SgdClient(id, worker, training))
                        .build())
                .hasMessage("blockTraining must be AUTO or NEVER where clients are of a class of their own,"
                        + " but was ALWAYS");
        assertThatThrownBy(() -> blocks().sgdClients(SgdClientFactory.ofOneClass(OwnSteps.class, OwnSteps::new))
                        .build())
                .hasMessage("blockTraining must be AUTO or NEVER where clients of " + OwnSteps.class.getName()
                        + " take steps of their own, but was ALWAYS");
        assertThatThrownBy(() -> blocks().task(Models.mnistCnn()).build())
                .hasMessageContaining("has no form for several clients, but was ALWAYS");
        assertThatThrownBy(() -> blocks().execution(ExecutionPolicy.once().timeout(Duration.ofDays(1)))
                        .build())
                .hasMessageContaining("retries, time-outs and round limits are of single clients");
        assertThatThrownBy(() -> blocks().blockSize(1).build())
                .hasMessage("blockSize must be at least 2 where clients train in blocks, but was 1");
    }

    /** The rule looks at the model and the clients, and at nothing of the machine. */
    @Test
    void blocksAreChosenByTheSizeOfTheModelAndTheCohort() {
        assertThat(together(setup().cohortSize(12))).as("four blocks").isEqualTo(3);
        assertThat(together(setup().cohortSize(3))).as("clients one by one").isEqualTo(1);
        assertThat(together(setup().cohortSize(12).task(Models.mnist2nn()))).isEqualTo(3);
        assertThat(together(setup().cohortSize(12).task(Models.mnistCnn()))).isEqualTo(1);
        assertThat(together(
                        setup().cohortSize(12).training(LocalTraining.sgd(.1).epochs(100_000))))
                .as("a million rows")
                .isEqualTo(1);
        SgdClientFactory hooked = SgdClientFactory.ofOneClass(
                Scribbler.class, (id, worker, training) -> new Scribbler(id, worker, training, true, false));
        assertThat(together(setup().cohortSize(12).sgdClients(hooked)))
                .as("clients with hooks")
                .isEqualTo(3);
        assertThat(together(setup().cohortSize(12).sgdClients(hooked).task(Models.mnist2nn())))
                .as("several vectors of each client")
                .isEqualTo(1);
        assertThat(together(setup().cohortSize(12).blockSize(7))).isEqualTo(7);
        assertThat(together(setup().cohortSize(12).blockSize(1))).isEqualTo(1);
        assertThat(together(setup().cohortSize(12).blockTraining(BlockTraining.NEVER)))
                .isEqualTo(1);
        assertThat(together(setup().cohortSize(3).blockTraining(BlockTraining.ALWAYS)))
                .isEqualTo(2);
    }

    private static int together(SimulationBuilder run) {
        return run.config().finished().together;
    }
}
