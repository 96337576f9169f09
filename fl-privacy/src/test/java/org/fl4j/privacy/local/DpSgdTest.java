package org.fl4j.privacy.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.types.Shape;
import java.nio.file.Path;
import java.util.List;
import java.util.random.RandomGenerator;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.core.ListAggregator;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.Partitioners;
import org.fl4j.fixture.SmallRuns;
import org.fl4j.model.FederatedModel;
import org.fl4j.model.LearningTask;
import org.fl4j.model.Models;
import org.fl4j.privacy.accounting.Mechanism;
import org.fl4j.privacy.accounting.PrivacyBudget;
import org.fl4j.privacy.accounting.PrivacyEvent;
import org.fl4j.privacy.accounting.RdpAccountant;
import org.fl4j.privacy.accounting.SamplingScheme;
import org.fl4j.privacy.noise.NoiseSource;
import org.fl4j.random.Seed;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DpSgdTest extends TensorTest {
    private static final PrivacyBudget LARGE = new PrivacyBudget(500, 1e-5, new RdpAccountant());

    private static SimulationBuilder run(Dataset digits, Algorithm dp, int clients) {
        return Simulation.builder()
                .selector(SmallRuns.FIRST)
                .aggregator(new ListAggregator(updates -> updates.get(0).delta()))
                .algorithm(dp)
                .task(Models.softmaxRegression(new Shape(1, 28, 28), 10))
                .data(digits.federated(
                        Partitioners.iid().partition(digits.train().classIndices(), clients, new Seed(1))))
                .testData(digits.test())
                .training(LocalTraining.sgd(.5))
                .cohortSize(1)
                .seed(2);
    }

    /** Noise that is always 0. */
    private record Silence() implements RandomGenerator {
        @Override
        public long nextLong() {
            return 0;
        }

        @Override
        public double nextGaussian() {
            return 0;
        }
    }

    /** All examples, a bound that nobody reaches and no noise: full-batch gradient descent. */
    @Test
    void isGradientDescentWithoutClippingNoiseAndSampling() {
        DpSgd dp = new DpSgd(1e6, 1, 1, 5, LARGE, seed -> new Silence());
        try (Dataset digits = Digits.generate(40, 100, new Seed(1));
                RunResult one = run(digits, dp, 1).rounds(2).build().run();
                RunResult descent = run(digits, parts -> parts, 1)
                        .training(LocalTraining.sgd(.5).fullBatch().epochs(5))
                        .rounds(2)
                        .build()
                        .run()) {
            assertThat(values(one.state().model()))
                    .containsExactly(values(descent.state().model()), within(2e-6f));
            assertThat(one.finalMetrics().value("train/clipped")).isZero();
        }
    }

    /** A block that is no Network has no program: each example is differentiated by itself, with the same result. */
    @Test
    void otherBlocksTrainOneExampleAtATime() {
        DpSgd dp = new DpSgd(.5, 1, .5, 3, LARGE, NoiseSource.seeded());
        LearningTask network = Models.softmaxRegression(new Shape(1, 28, 28), 10);
        LearningTask block =
                LearningTask.classification(() -> network.architecture().get(), new Shape(1, 28, 28));
        try (FederatedModel model = new FederatedModel(block)) {
            assertThat(model.clippedGradients()).isEmpty();
        }
        try (Dataset digits = Digits.generate(40, 100, new Seed(1));
                RunResult program = run(digits, dp, 1).rounds(2).build().run();
                RunResult single =
                        run(digits, dp, 1).task(block).rounds(2).build().run()) {
            assertThat(values(single.state().model()))
                    .containsExactly(values(program.state().model()), within(2e-5f));
            assertThat(single.finalMetrics().value("train/clipped"))
                    .isEqualTo(program.finalMetrics().value("train/clipped"))
                    .isPositive();
            assertThat(single.finalMetrics().value("train/loss"))
                    .isCloseTo(program.finalMetrics().value("train/loss"), within(1e-4));
        }
    }

    /** Of a client with one example: a step of C, or 2 C, along the same gradient. */
    @Test
    void everyExampleCountsWithItsClippedGradient() {
        DpSgd dp = new DpSgd(1e-3, 1, 1, 1, LARGE, seed -> new Silence());
        try (Dataset digits = Digits.generate(10, 100, new Seed(1))) {
            SimulationBuilder builder =
                    run(digits, dp, 10).training(LocalTraining.sgd(1)).rounds(1);
            try (RunResult after = builder.build().run();
                    RunResult twice = run(digits, new DpSgd(2e-3, 1, 1, 1, LARGE, seed -> new Silence()), 10)
                            .training(LocalTraining.sgd(1))
                            .rounds(1)
                            .build()
                            .run()) {
                float[] one = values(after.state().model());
                float[] two = values(twice.state().model());
                double square = 0;
                for (int i = 0; i < one.length; i++) {
                    square += Math.pow((double) two[i] - one[i], 2);
                }
                assertThat(Math.sqrt(square)).isCloseTo(1e-3, within(1e-6)); // 2C g/|g| - C g/|g|
                assertThat(after.finalMetrics().value("train/clipped")).isEqualTo(1);
            }
        }
    }

    /**
     * Two steps of noise alone, of deviation z C over the expected batch, 2 x 0.25 x 40 examples; at six standard
     * errors.
     */
    @Test
    void addsItsNoiseInEveryStep() {
        DpSgd silent = new DpSgd(1e-9, 1, .25, 2, LARGE, seed -> new Silence());
        DpSgd noisy = new DpSgd(1e-9, 3e9, .25, 2, LARGE, NoiseSource.seeded());
        try (Dataset digits = Digits.generate(40, 100, new Seed(1));
                RunResult without = run(digits, silent, 1).rounds(1).build().run();
                RunResult with = run(digits, noisy, 1).rounds(1).build().run()) {
            float[] a = values(without.state().model());
            float[] b = values(with.state().model());
            double square = 0;
            for (int i = 0; i < a.length; i++) {
                square += Math.pow((double) b[i] - a[i], 2);
            }
            double expected = 2 * Math.pow(.5 * 3 / (.25 * 40), 2); // rate .5
            assertThat(square / a.length).isCloseTo(expected, within(6 * expected * Math.sqrt(2.0 / a.length)));
            assertThat(with.finalMetrics().value("privacy/noise scale")).isCloseTo(3, within(1e-9));
        }
    }

    /** A client pays for its own steps: of three clients who take turns, each for its own rounds. */
    @Test
    void eachClientPaysForItsOwnSteps(@TempDir Path directory) {
        RdpAccountant accountant = new RdpAccountant();
        double two = accountant.epsilon(
                List.of(new PrivacyEvent(new Mechanism.Gaussian(1), new SamplingScheme.Poisson(.2), 2 * 4)), 1e-5);
        DpSgd dp = new DpSgd(1, 1, .2, 4, new PrivacyBudget(two, 1e-5, accountant), NoiseSource.seeded());
        try (Dataset digits = Digits.generate(90, 100, new Seed(1));
                RunResult one = run(digits, dp, 3).rounds(20).workers(1).build().run()) {
            assertThat(one.end()).isEqualTo(RunResult.End.STOPPED_EARLY);
            assertThat(one.history().size()).isEqualTo(6); // two for each
            assertThat(one.finalMetrics().value("privacy/epsilon")).isEqualTo(two);
            run(digits, dp, 3).rounds(3).checkpoints(directory, 1).build().run().close();
            DpSgd other = new DpSgd(1, 2, .2, 4, new PrivacyBudget(two, 1e-5, accountant), NoiseSource.seeded());
            Simulation changed = run(digits, other, 3)
                    .rounds(20)
                    .checkpoints(directory, 1)
                    .resume(true)
                    .build();
            assertThatThrownBy(changed::run)
                    .hasMessageContaining("algorithms.0.noiseMultiplier was 1.0 when the run began and is 2.0 now");
            try (RunResult resumed = run(digits, dp, 3)
                    .rounds(20)
                    .workers(3)
                    .checkpoints(directory, 1)
                    .resume(true)
                    .build()
                    .run()) {
                assertThat(resumed.stateSha256()).isEqualTo(one.stateSha256());
            }
        }
    }

    @Test
    void learnsUnderABudget() {
        PrivacyBudget budget = new PrivacyBudget(8, 1e-4, new RdpAccountant());
        double multiplier = budget.noiseMultiplier(.1, 100);
        DpSgd dp = new DpSgd(1, multiplier, .1, 50, budget, NoiseSource.seeded());
        try (Dataset digits = Digits.generate(500, 200, new Seed(1));
                RunResult result = run(digits, dp, 1).rounds(2).build().run()) {
            assertThat(result.finalMetrics().value("test/accuracy")).isGreaterThan(.45);
            assertThat(result.finalMetrics().value("privacy/epsilon")).isBetween(7.99, 8.0);
        }
    }

    @Test
    void refusesWhatItDoesNotHoldFor() {
        DpSgd dp = new DpSgd(1, 1, .2, 4, LARGE, NoiseSource.seeded());
        try (Dataset digits = Digits.generate(90, 100, new Seed(1))) {
            assertThatThrownBy(() -> run(digits, dp, 3)
                            .sgdClients(SgdClient::new)
                            .rounds(1)
                            .build())
                    .hasMessageStartingWith("clients under DP-SGD must be those it sets, but was ");
            assertThatThrownBy(() -> run(digits, dp, 3)
                            .training(LocalTraining.sgd(.1).gradientClip(1))
                            .rounds(1)
                            .build())
                    .hasMessageStartingWith(
                            "training under DP-SGD must be without gradient clip and proximal term, which it"
                                    + " does not use");
        }
        PrivacyBudget tiny = new PrivacyBudget(.01, 1e-5, new RdpAccountant());
        assertThatThrownBy(() -> new DpSgd(1, 1, .2, 4, tiny, NoiseSource.seeded()))
                .hasMessageStartingWith("epsilon of one round must be within the budget, 0.01, but was ");
    }
}
