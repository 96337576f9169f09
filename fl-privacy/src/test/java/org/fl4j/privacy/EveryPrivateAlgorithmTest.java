package org.fl4j.privacy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.types.Shape;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.fl4j.client.LocalTraining;
import org.fl4j.core.ListAggregator;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.Partitioners;
import org.fl4j.fixture.Replays;
import org.fl4j.fixture.Reproducible;
import org.fl4j.fixture.SmallRuns;
import org.fl4j.message.ClientId;
import org.fl4j.metrics.Metric;
import org.fl4j.model.Layer;
import org.fl4j.model.LearningTask;
import org.fl4j.model.Network;
import org.fl4j.monitoring.AdaptationRule;
import org.fl4j.monitoring.ResourceUsage;
import org.fl4j.privacy.local.LocalDp;
import org.fl4j.random.Seed;
import org.fl4j.registry.StrategyRegistry;
import org.fl4j.simulation.AdaptiveTraining;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;
import org.fl4j.simulation.SimulationBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What holds for every algorithm of this module that has a name, on a network with dropout: the same bits on any number
 * of workers and after a resume, an epsilon that grows and survives a resume, and as many native arrays after each
 * round.
 */
@Isolated("counts the native arrays of the whole process")
class EveryPrivateAlgorithmTest {
    private static final LearningTask TASK = LearningTask.classification(
            Network.of(
                    new Layer.Flatten(),
                    new Layer.Dense(12),
                    new Layer.Relu(),
                    new Layer.Dropout(.25),
                    new Layer.Dense(10)),
            new Shape(1, 28, 28));
    private static final StrategyRegistry REGISTRY = StrategyRegistry.load();

    @TempDir
    Path directory;

    private static SimulationBuilder run(Dataset digits, String name) {
        return Simulation.builder()
                .task(TASK)
                .data(digits.federated(
                        Partitioners.iid().partition(digits.train().classIndices(), 40, new Seed(1))))
                .testData(digits.test())
                .training(LocalTraining.sgd(.1))
                .selector(SmallRuns.FIRST)
                .cohortSize(8)
                .aggregator(new ListAggregator(updates -> updates.get(0).delta()))
                .algorithm(REGISTRY.parse(Algorithm.class, name))
                .rounds(4)
                .seed(5);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "gradient-clipping",
                "central-dp",
                "central-dp:clipping=quantile",
                "central-dp:cohort=8,clients=40,accountant=rdp",
                "local-dp",
                "local-dp:mechanism=laplace",
                "dp-sgd:accountant=rdp",
                "dp-ftrl:epochRounds=3",
                "distributed-dp:epochRounds=3"
            })
    void isReproducibleAndLeavesNothingBehind(String name) {
        try (Dataset digits = Digits.generate(800, 40, new Seed(1))) {
            Reproducible.holds(() -> run(digits, name), directory, one -> {
                if (name.equals("gradient-clipping")) {
                    return; // no differential privacy
                }
                List<Double> epsilons = one.history().stream()
                        .map(round -> round.metrics().value("privacy/epsilon"))
                        .toList();
                assertThat(epsilons).isSorted();
                assertThat(epsilons.get(3)).isGreaterThan(epsilons.get(0));
            });
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "gradient-clipping",
                "central-dp",
                "local-dp",
                "dp-sgd:accountant=rdp",
                "dp-ftrl:epochRounds=3",
                "distributed-dp:epochRounds=3"
            })
    void canRunOneUpdateAgain(String name) {
        try (Dataset digits = Digits.generate(800, 40, new Seed(1))) {
            Replays.lastUpdateIsTheSameAgain(() -> run(digits, name).rounds(3));
        }
    }

    /** However busy the machine is: the same epsilon and noise as on an idle one, or a refusal. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "central-dp",
                "local-dp",
                "local-dp:mechanism=laplace",
                "dp-sgd:accountant=rdp",
                "dp-ftrl:epochRounds=3",
                "distributed-dp:epochRounds=3"
            })
    void hasItsNoiseUnderPressureToo(String name) {
        try (Dataset digits = Digits.generate(800, 40, new Seed(1))) {
            SimulationBuilder busy = run(digits, name)
                    .algorithm(new AdaptiveTraining(round -> ResourceUsage.of(1, 1, 0), AdaptationRule.fedscale()));
            if (name.startsWith("dp-sgd")) {
                assertThatThrownBy(busy::build)
                        .hasMessage(
                                "training under DP-SGD must be the same in every round, for steps are accounted for,"
                                        + " but was adaptive");
                return;
            }
            try (RunResult pressed = busy.build().run();
                    RunResult idle = run(digits, name).build().run()) {
                assertThat(pressed.finalMetrics().value("adaptation/batch size"))
                        .isEqualTo(1);
                assertThat(privacy(pressed)).isEqualTo(privacy(idle)).isNotEmpty();
                assertThat(pressed.state().model().sha256())
                        .isNotEqualTo(idle.state().model().sha256());
            }
        }
    }

    /** What a run says of noise and its cost, but for how many updates were clipped. */
    private static List<Map<String, Metric>> privacy(RunResult result) {
        return result.history().stream()
                .map(report -> report.metrics().startingWith("privacy/").values().entrySet().stream()
                        .filter(metric -> metric.getKey().matches(".*(epsilon|noise|multiplier|scale).*"))
                        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)))
                .toList();
    }

    /** Some memory of a machine is always in use. */
    @Test
    void noiseIsRaisedByName() {
        LocalDp raised = (LocalDp) REGISTRY.parse(Algorithm.class, "local-dp:raise=3,raiseAbove=0");
        assertThat(raised.raise().factor(new ClientId(1), 1)).isEqualTo(3);
        LocalDp plain = (LocalDp) REGISTRY.parse(Algorithm.class, "local-dp:raiseAbove=0");
        assertThat(plain.raise().factor(new ClientId(1), 1)).isEqualTo(1);
        assertThatThrownBy(() -> REGISTRY.parse(Algorithm.class, "local-dp:raise=0.5"))
                .hasMessage("local-dp: factor must be at least 1 and finite, but was 0.5");
    }

    @Test
    void everyNameIsCovered() {
        assertThat(REGISTRY.names(Algorithm.class))
                .containsExactlyInAnyOrder(
                        "fedavg", "gradient-clipping", "central-dp", "local-dp", "dp-sgd", "dp-ftrl", "distributed-dp");
    }
}
