package org.fl4j.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.fl4j.client.LocalTraining;
import org.fl4j.data.Dataset;
import org.fl4j.data.MnistReader;
import org.fl4j.data.Partitioner;
import org.fl4j.data.Partitioners;
import org.fl4j.fixture.RealData;
import org.fl4j.model.Models;
import org.fl4j.random.Seed;
import org.fl4j.server.FedAvg;
import org.fl4j.server.UniformSelector;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;
import org.fl4j.simulation.StopRule;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Accuracy on the real MNIST against published curves; minutes each. */
@Tag("long")
class MnistAccuracyIT {
    private static Dataset mnist;

    @BeforeAll
    static void read() {
        mnist = MnistReader.read(RealData.directory("mnist"));
    }

    @AfterAll
    static void free() {
        if (mnist != null) {
            mnist.close();
        }
    }

    private static List<RoundReport> run(
            Partitioner partitioner, int cohort, LocalTraining training, int rounds, double target, long seed) {
        Simulation simulation = Simulation.builder()
                .task(Models.mnist2nn())
                .data(mnist.federated(
                        partitioner.partition(mnist.train().classIndices(), 100, new Seed(seed).derive("partition"))))
                .testData(mnist.test())
                .training(training)
                .selector(new UniformSelector())
                .aggregator(new FedAvg())
                .cohortSize(cohort)
                .rounds(rounds)
                .seed(seed)
                .stopRule(StopRule.targetReached("test/accuracy", target))
                .build();
        try (RunResult result = simulation.run()) {
            return result.history();
        }
    }

    private static double accuracy(List<RoundReport> history, int round) {
        return history.get(round - 1).metrics().value("test/accuracy");
    }

    /** FedLab publishes 0.8764 at round 10 and 0.9319 at round 50 for this setting (tutorials/readme_exp.ipynb). */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void followsFedLabsCurve(long seed) {
        LocalTraining training = LocalTraining.sgd(.05).epochs(5).batchSize(100);
        List<RoundReport> history = run(Partitioners.iid(), 50, training, 50, /* target= */ 1, seed);
        assertThat(accuracy(history, 10)).isCloseTo(.8764, within(.01));
        assertThat(accuracy(history, 50)).isCloseTo(.9319, within(.01));
    }

    /** McMahan et al. 2017, table 1, needs 87 rounds with E = 5; FedLab 43. */
    @Test
    void reaches97PercentOnEvenClientsWithin90Rounds() {
        List<RoundReport> history = run(Partitioners.iid(), 10, LocalTraining.sgd(.1), 90, .97, 1);
        assertThat(accuracy(history, history.size())).isGreaterThanOrEqualTo(.97);
    }

    @Test
    void reaches97PercentOnClientsOfTwoShards() {
        List<RoundReport> history = run(Partitioners.shards(2), 10, LocalTraining.sgd(.1), 500, .97, 1);
        assertThat(accuracy(history, history.size())).isGreaterThanOrEqualTo(.97);
    }
}
