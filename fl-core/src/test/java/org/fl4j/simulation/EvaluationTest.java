package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Set;
import org.fl4j.core.ClientSelector;
import org.fl4j.data.FederatedDataset;
import org.fl4j.data.LocalSplit;
import org.fl4j.message.ClientId;
import org.fl4j.model.Models;
import org.fl4j.random.Seed;
import org.fl4j.server.UniformSelector;
import org.junit.jupiter.api.Test;

class EvaluationTest extends RunSetup {
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
    void aSelectorSaysWhichClientsEvaluate() {
        List<Set<ClientId>> evaluated;
        try (RunResult result =
                chosen(setup().cohortSize(3), new UniformSelector(), 3).build().run()) {
            evaluated = result.history().stream()
                    .map(report -> Set.copyOf(report.evaluations().keySet()))
                    .toList();
            assertThat(evaluated)
                    .hasSize(5)
                    .allSatisfy(clients -> assertThat(clients).hasSize(3));
            assertThat(Set.copyOf(evaluated)).as("drawn anew each time").hasSizeGreaterThan(1);
            assertThat(result.history())
                    .as("draws of its own")
                    .anyMatch(report -> !report.evaluations().keySet().containsAll(report.cohort()));
        }
        try (RunResult all = chosen(setup(), new UniformSelector(), 100).build().run()) {
            assertThat(all.history().get(0).evaluations()).hasSize(Fixtures.CLIENTS);
        }
    }

    private SimulationBuilder chosen(SimulationBuilder builder, ClientSelector selector, int count) {
        return builder.rounds(5)
                .clientEvaluation(digits.federated(Fixtures.partition(digits)), 1)
                .evaluationSelector(selector, count);
    }

    @Test
    void refusesAChoiceOfEvaluatingClientsBeforeTheRun() {
        assertThatThrownBy(() ->
                        setup().evaluationSelector(new UniformSelector(), 3).build())
                .hasMessage("evaluationSelector must be left out without clientEvaluation, but was UniformSelector[]");
        assertThatThrownBy(() -> chosen(setup(), new UniformSelector(), 0))
                .hasMessage("evaluationSelector count must be at least 1, but was 0");
        ClientSelector twice = (available, count, round, state) -> List.of(available.id(0), available.id(0));
        assertThatThrownBy(() -> chosen(setup(), twice, 2).build())
                .hasMessageContaining("round 1: selector ")
                .hasMessageContaining("choose each client once, but chose client 0 after client 0");
        ClientSelector strange = (available, count, round, state) -> List.of(new ClientId(99));
        assertThatThrownBy(() -> chosen(setup(), strange, 1).build())
                .hasMessageContaining("choose only available clients, but chose client 99");
        ClientSelector few = (available, count, round, state) -> List.of(available.id(0));
        assertThatThrownBy(() -> chosen(setup(), few, 2).build()).hasMessageContaining("choose 2 clients, but chose 1");
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
}
