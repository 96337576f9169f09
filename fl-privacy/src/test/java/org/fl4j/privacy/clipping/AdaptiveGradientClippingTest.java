package org.fl4j.privacy.clipping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.types.Shape;
import org.fl4j.client.LocalTraining;
import org.fl4j.core.ListAggregator;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.Partitioners;
import org.fl4j.fixture.SmallRuns;
import org.fl4j.model.Models;
import org.fl4j.random.Seed;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;

class AdaptiveGradientClippingTest extends TensorTest {
    private static SimulationBuilder run(Dataset digits, DynamicThreshold initial, NonFinitePolicy policy) {
        return Simulation.builder()
                .selector(SmallRuns.FIRST)
                .aggregator(new ListAggregator(updates -> updates.get(0).delta()))
                .algorithm(new AdaptiveGradientClipping(initial, 2, policy))
                .task(Models.softmaxRegression(new Shape(1, 28, 28), 10))
                .data(digits.federated(
                        Partitioners.iid().partition(digits.train().classIndices(), 2, new Seed(1))))
                .testData(digits.test())
                .training(LocalTraining.sgd(.1).steps(1))
                .cohortSize(1)
                .rounds(8)
                .seed(2);
    }

    /**
     * The client keeps its threshold: down by the factor after a loss above 1, up after one below; a step is no longer
     * than it.
     */
    @Test
    void eachClientsThresholdFollowsItsLoss() {
        try (Dataset digits = Digits.generate(40, 10, new Seed(1));
                RunResult result = run(digits, new DynamicThreshold(.5, .9, .3, 100), NonFinitePolicy.RAISE)
                        .build()
                        .run()) {
            double threshold = .5;
            for (RoundReport round : result.history()) {
                assertThat(round.metrics().value("train/clipping threshold")).isCloseTo(threshold, within(1e-12));
                double norm = round.metrics().value("train/gradient norm");
                assertThat(round.metrics().value("train/clipping coefficient"))
                        .isCloseTo(Math.min(1, threshold / (norm + 1e-6)), within(1e-12));
                threshold = round.metrics().value("train/loss") > 1
                        ? Math.max(.3, threshold * .9)
                        : Math.min(100, threshold / .9);
            }
            assertThat(threshold).isLessThan(.5);
        }
    }

    @Test
    void policiesForGradientsThatAreNotFinite() {
        try (Dataset digits = Digits.generate(40, 10, new Seed(1))) {
            digits.train().features().muli(Float.NaN);
            Simulation raising =
                    run(digits, new DynamicThreshold(1), NonFinitePolicy.RAISE).build();
            assertThatThrownBy(raising::run).rootCause().hasMessage("norm of gradients must be finite, but was NaN");
            try (RunResult skipped = run(digits, new DynamicThreshold(1), NonFinitePolicy.SKIP)
                    .rounds(1)
                    .build()
                    .run()) {
                assertThat(skipped.state().model().isFinite()).isTrue();
                assertThat(skipped.history().get(0).clients()).hasSize(1);
            }
        }
    }
}
