package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.fl4j.client.SgdClient;
import org.fl4j.client.Worker;
import org.fl4j.core.Admission;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.UpdateTransform;
import org.fl4j.data.FederatedDataset;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Rejection;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.model.FederatedModel;
import org.fl4j.random.Seed;
import org.fl4j.server.UpdatePolicy;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.testing.TestClientStates;
import org.junit.jupiter.api.Test;

class FaultyRoundsTest extends FaultyClientsSetup {
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
                    new ClientCall(),
                    Optional.empty());
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
