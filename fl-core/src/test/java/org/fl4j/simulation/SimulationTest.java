package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Set;
import org.fl4j.core.Client;
import org.fl4j.core.UpdateTransform;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.tensor.ParameterVector;
import org.junit.jupiter.api.Test;

class SimulationTest extends RunSetup {
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
}
