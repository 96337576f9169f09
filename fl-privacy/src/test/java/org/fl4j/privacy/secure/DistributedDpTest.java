package org.fl4j.privacy.secure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.random.RandomGenerator;
import org.fl4j.client.SgdClient;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.ListAggregator;
import org.fl4j.core.UpdateTransform;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.fixture.SmallRuns;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.LocalModel;
import org.fl4j.privacy.accounting.GaussianMechanism;
import org.fl4j.privacy.accounting.Mechanism;
import org.fl4j.privacy.accounting.PldAccountant;
import org.fl4j.privacy.accounting.PrivacyBudget;
import org.fl4j.privacy.accounting.RdpAccountant;
import org.fl4j.privacy.accounting.SamplingScheme;
import org.fl4j.privacy.noise.NoiseSource;
import org.fl4j.random.Seed;
import org.fl4j.simulation.FailurePolicy;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DistributedDpTest extends TensorTest {
    private static final PrivacyBudget LARGE = new PrivacyBudget(100, 1e-5, new RdpAccountant());

    private static DistributedDp dp(double multiplier, int cohort, int survivors, int epochRounds) {
        return new DistributedDp(1, multiplier, cohort, survivors, epochRounds, LARGE, NoiseSource.seeded());
    }

    private ModelUpdate sent(DistributedDp dp, int client, double... delta) {
        TrainingTask task = new TrainingTask(round().ticket(new ClientId(client)), 0, vector(delta));
        return dp.upload().transform(update(client, 1 + client, vector(delta)), task);
    }

    private Aggregate combine(DistributedDp dp, int clients, double[]... deltas) {
        Aggregation aggregation = dp.aggregator().begin(round(), state(vector(new double[deltas[0].length])));
        for (int client = 0; client < clients; client++) {
            aggregation.add(sent(dp, client, deltas[client % deltas.length]));
        }
        return aggregation.combine();
    }

    /**
     * The bound after rounding of Kairouz et al., for C of 1000 grid points in 1024 dimensions, computed with 30
     * digits.
     */
    @Test
    void theGridFollowsFromTheNoise() {
        double bound = 1000.6357978805;
        DiscreteGrid grid = new DiscreteGrid(5, 4096 * Math.sqrt(10) / bound, 10, 1024);
        assertThat(grid.roundedBound()).isCloseTo(bound, within(1e-9));
        assertThat(grid.width()).isCloseTo(5.0 / 1000, within(1e-9));
        assertThat(new DiscreteGrid(1, 4096 * 2 / 10.0, 4, 4).width()) // 10 - 2 is more than 8.6
                .isCloseTo(1 / 8.6, within(.03));
    }

    @ParameterizedTest
    @CsvSource({"1, 100, 200000", "20, 10, 5000", ".05, 20, 10", "5, 51, 1"})
    void roundedVectorsKeepTheirBoundAndTheirMean(double multiplier, int shares, int size) {
        DiscreteGrid grid = new DiscreteGrid(.5, multiplier, shares, size);
        RandomGenerator random = new Seed(size).generator();
        float[] vector = new float[size];
        double square = 0;
        for (int i = 0; i < size; i++) {
            vector[i] = (float) random.nextGaussian();
            square += (double) vector[i] * vector[i];
        }
        for (int i = 0; i < size; i++) {
            vector[i] *= (float) (.5 / Math.sqrt(square) * (1 - 1e-6)); // as long as may be
        }
        double off = 0;
        for (int turn = 0; turn < 5; turn++) {
            int[] rounded = grid.rounded(vector, random);
            double norm = 0;
            for (int i = 0; i < size; i++) {
                norm += (double) rounded[i] * rounded[i];
                off += rounded[i] * grid.width() - vector[i];
            }
            assertThat(Math.sqrt(norm)).isLessThanOrEqualTo(grid.roundedBound());
        }
        assertThat(Math.abs(off)).isLessThan(6 * grid.width() * Math.sqrt(5.0 * size));
    }

    /** Noise of ten survivors of twelve is z C over the cohort; of all twelve it is more. At six standard errors. */
    @ParameterizedTest
    @CsvSource({"10", "12"})
    void sharesAddUpToCentralNoise(int clients) {
        int size = 4000;
        float[] noise = values(
                combine(dp(2, 12, 10, 1), clients, new double[size]).delta().orElseThrow());
        double square = 0;
        for (float value : noise) {
            square += (double) value * value;
        }
        DiscreteGrid grid = new DiscreteGrid(1, 2, 10, size);
        double rounded = grid.roundedBound() * grid.width(); // C, and what rounding may add to it
        assertThat(rounded).isBetween(1.0, 1.01);
        double expected = Math.pow(2 * rounded / 12, 2) * clients / 10;
        assertThat(square / size).isCloseTo(expected, within(6 * expected * Math.sqrt(2.0 / size)));
    }

    /**
     * The same noise with and without deltas: what is left is the mean of clipped ones over the cohort, to the grid.
     */
    @Test
    void averagesClippedDeltasOverTheCohort() {
        DistributedDp dp = dp(1, 4, 3, 1);
        float[] with = values(combine(dp, 3, new double[] {3, 4}, new double[] {.3, .4}, new double[] {-.6, .1})
                .delta()
                .orElseThrow());
        float[] without = values(combine(dp, 3, new double[] {0, 0}).delta().orElseThrow());
        double width = new DiscreteGrid(1, 1, 3, 2).width();
        assertThat((double) with[0] - without[0]).isCloseTo((.6 + .3 - .6) / 4, within(width));
        assertThat((double) with[1] - without[1]).isCloseTo((.8 + .4 + .1) / 4, within(width));
    }

    @Test
    void aBrokenUpdateIsNoiseAlone() {
        DistributedDp dp = dp(1, 4, 3, 1);
        assertThat(values(sent(dp, 2, Double.NaN, 1).delta()))
                .isEqualTo(values(sent(dp, 2, 0, 0).delta()));
    }

    @Test
    void tooFewSurvivorsLeaveTheModelAsItIs() {
        Aggregate aggregate = combine(dp(1, 4, 3, 1), 2, new double[] {1, 1});
        assertThat(aggregate.delta()).isEmpty();
        assertThat(aggregate.metrics().value("secure/unmasked")).isZero();
        assertThat(aggregate.metrics().value("secure/survivors")).isEqualTo(2);
    }

    private static SimulationBuilder run(Dataset digits, DistributedDp dp) {
        return SmallRuns.softmax(digits, 20)
                .algorithm(dp)
                .testData(digits.test())
                .rounds(20)
                .seed(2);
    }

    /** A client that fails in every second of its rounds. */
    private static SimulationBuilder withDropOuts(SimulationBuilder builder) {
        return builder.failurePolicy(FailurePolicy.SKIP_CLIENT)
                .sgdClients((id, worker, training) -> new SgdClient(id, worker, training) {
                    @Override
                    protected void beforeTraining(TrainingTask task, LocalModel model) {
                        if ((id.index() + task.round()) % 5 == 0) {
                            throw new IllegalStateException("lost the connection");
                        }
                    }
                });
    }

    /**
     * Four rounds an epoch, each client in one of them; the budget pays for two epochs. Clients drop out on the way.
     */
    @Test
    void runsUntilItsEpochsAreSpent(@TempDir Path directory) {
        double two = new PrivacyBudget(1, 1e-5, new RdpAccountant())
                .spent(new Mechanism.Gaussian(2), new SamplingScheme.Poisson(1), 2);
        assertThat(two).isGreaterThan(GaussianMechanism.epsilon(2 / Math.sqrt(2), 1e-5)); // of Gaussian noise
        DistributedDp dp = new DistributedDp(
                1, 2, 5, 3, 4, new PrivacyBudget(two, 1e-5, new RdpAccountant()), NoiseSource.seeded());
        try (Dataset digits = Digits.generate(200, 100, new Seed(1));
                RunResult one = withDropOuts(run(digits, dp)).workers(1).build().run()) {
            assertThat(one.end()).isEqualTo(RunResult.End.STOPPED_EARLY);
            assertThat(one.history().size()).isEqualTo(8);
            assertThat(one.history().get(3).metrics().value("privacy/epsilon")).isLessThan(two);
            assertThat(one.finalMetrics().value("privacy/epsilon")).isEqualTo(two);
            assertThat(one.history())
                    .anySatisfy(round -> assertThat(round.metrics().value("secure/survivors"))
                            .isLessThan(5));
            withDropOuts(run(digits, dp))
                    .rounds(3)
                    .checkpoints(directory, 1)
                    .build()
                    .run()
                    .close();
            try (RunResult resumed = withDropOuts(run(digits, dp))
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
    void refusesWhatItDoesNotHoldFor() {
        DistributedDp dp = dp(2, 5, 3, 4);
        try (Dataset digits = Digits.generate(200, 100, new Seed(1))) {
            assertThatThrownBy(() -> run(digits, dp).cohortSize(4).build())
                    .hasMessage("cohortSize must be the cohort of distributed differential privacy, 5, but was 4");
            assertThatThrownBy(() -> run(digits, dp)
                            .uploadTransform(UpdateTransform.none())
                            .build())
                    .hasMessageStartingWith(
                            "last upload transform under distributed differential privacy must be the noise it sets");
            assertThatThrownBy(() -> run(digits, dp)
                            .aggregator(
                                    new ListAggregator(updates -> updates.get(0).delta()))
                            .build())
                    .hasMessage("aggregator under distributed differential privacy must be DistributedDp, but was"
                            + " ListAggregator");
            assertThatThrownBy(() -> run(digits, dp(2, 5, 3, 5)).build())
                    .hasMessageStartingWith("cohort times rounds of an epoch must be at most the clients, 20");
        }
        PrivacyBudget tight = new PrivacyBudget(8, 1e-5, new PldAccountant(1e-3));
        assertThatThrownBy(() -> new DistributedDp(1, 2, 5, 3, 4, tight, NoiseSource.seeded()))
                .hasMessage("accountant under distributed differential privacy must be RdpAccountant, for the sum of"
                        + " discrete Gaussians is bounded in Renyi divergence, but was PldAccountant");
        assertThatThrownBy(() -> dp(2, 5, 2, 4)).hasMessage("leastSurvivors must be in [3, 5], but was 2");
        assertThatThrownBy(() -> new DiscreteGrid(1, 100, 3, 1_000_000))
                .hasMessageStartingWith("noiseMultiplier must be smaller, or leastSurvivors larger");
        assertThatThrownBy(() -> new DiscreteGrid(1, .01, 100, 10).requireFits(1000))
                .hasMessageStartingWith("cohort times the bound of rounded vectors must be below 2^31");
        assertThatThrownBy(() -> dp.aggregator()
                        .begin(new RoundContext(2, new Seed(1), 20), emptyState())
                        .combine())
                .hasMessage("rounds that were charged as distributed-dp must be all before this one, 1, but was 0.0");
        assertThatThrownBy(() -> dp.upload()
                        .transform(
                                update(1, 1, vector(1))
                                        .withAttachment("variate", vector(1).floats()),
                                new TrainingTask(round().ticket(new ClientId(1)), 0, vector(1))))
                .hasMessageStartingWith("attachments of an update under differential privacy must be none");
    }

    private ServerState emptyState() {
        return state(vector(0));
    }
}
