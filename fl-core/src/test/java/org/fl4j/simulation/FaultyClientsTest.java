package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.message.Facts;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.TrainingFacts;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.tensor.ParameterVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever one client does is its own failure, and the others' results are those of a run without it. */
class FaultyClientsTest extends FaultyClientsSetup {
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

    @Test
    void metricsThatAreNoNumbersReachNoMean() {
        Fault fault = (task, update, worker) -> update.with(Facts.of(TrainingFacts.LOSS, Double.NaN))
                .withMeasured(Metrics.of("train/loss", Double.NaN, 10).merge(Metrics.of("own", 1e300, 1)));
        try (RunResult result = run(fault).build().run();
                RunResult honest = Fixtures.softmaxRun(digits)
                        .blockTraining(BlockTraining.NEVER)
                        .build()
                        .run()) {
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
}
