package org.fl4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.fl4j.aggregators.attack.Poison;
import org.fl4j.aggregators.attack.PoisonedDataset;
import org.fl4j.aggregators.mira.ClientGraph;
import org.fl4j.aggregators.mira.Mira;
import org.fl4j.aggregators.personal.Ditto;
import org.fl4j.aggregators.personal.Ifca;
import org.fl4j.client.LocalTraining;
import org.fl4j.data.Dataset;
import org.fl4j.data.Examples;
import org.fl4j.data.FederatedDataset;
import org.fl4j.data.MnistReader;
import org.fl4j.data.Partition;
import org.fl4j.data.PartitionedDataset;
import org.fl4j.data.Partitioners;
import org.fl4j.fixture.RealData;
import org.fl4j.message.ClientId;
import org.fl4j.model.Models;
import org.fl4j.random.Seed;
import org.fl4j.server.FedAvg;
import org.fl4j.server.UniformSelector;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;
import org.fl4j.simulation.SimulationBuilder;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Twenty clients with 100 MNIST digits each; the first ten call digit y by the name 9 - y. Accuracy is the mean over
 * clients, each on test digits with its own labels.
 */
@Tag("long")
class TwoGroupsIT {
    private static final int CLIENTS = 20;
    private static final double RATE = .1;

    private final Dataset mnist = MnistReader.read(RealData.directory("mnist"));

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void miraServesBothGroupsBetterThanOneModelOrNone(long seed) {
        try (mnist) {
            double fedAvg = accuracy(seed, run -> {});
            double local = accuracy(seed, run -> run.algorithm(new Mira(graph(seed), 0)));
            double mira = accuracy(seed, run -> run.algorithm(new Mira(graph(seed), .05)));
            double random = accuracy(
                    seed, run -> run.algorithm(new Mira(ClientGraph.random(CLIENTS, .25, new Seed(seed)), .05)));
            double ditto = accuracy(seed, run -> run.algorithm(new Ditto(.1)));
            double ifca = accuracy(seed, run -> run.algorithm(new Ifca(2)));
            System.out.printf(
                    "seed %d: FedAvg %.4f, local %.4f, MIRA %.4f, MIRA on a random graph %.4f, Ditto %.4f, IFCA %.4f%n",
                    seed, fedAvg, local, mira, random, ditto, ifca);
            assertThat(mira).isGreaterThan(local + .02).isGreaterThan(fedAvg + .2);
        }
    }

    private double accuracy(long seed, Consumer<SimulationBuilder> algorithm) {
        SimulationBuilder run = setup(seed).rounds(60);
        algorithm.accept(run);
        try (RunResult result = run.build().run()) {
            return result.finalMetrics().value("client/test/accuracy");
        }
    }

    private SimulationBuilder setup(long seed) {
        FederatedDataset train = grouped(mnist.train(), seed, 100);
        FederatedDataset test = grouped(mnist.test(), seed, 500);
        return Simulation.builder()
                .task(Models.mnist2nn())
                .data(train)
                .clientEvaluation(test, 1000)
                .training(LocalTraining.sgd(RATE))
                .selector(new UniformSelector())
                .aggregator(new FedAvg())
                .cohortSize(CLIENTS)
                .seed(seed);
    }

    private static FederatedDataset grouped(Examples examples, long seed, int count) {
        Partition all = Partitioners.iid().partition(examples.classIndices(), CLIENTS, new Seed(seed));
        Partition fewer = Partition.of(IntStream.range(0, CLIENTS)
                .mapToObj(client -> IntStream.of(all.rows(new ClientId(client)))
                        .limit(count)
                        .toArray())
                .toList());
        return new PoisonedDataset(new PartitionedDataset(examples, fewer), Poison.labelFlip(10), CLIENTS / 2);
    }

    /** The graph of cosine similarities between the clients' first updates, which know nothing of the groups. */
    private ClientGraph graph(long seed) {
        double[][] updates = new double[CLIENTS][];
        setup(seed)
                .rounds(1)
                .uploadTransform((update, task) -> {
                    float[] delta = update.delta().trainable().toFloatArray();
                    updates[update.client().index()] = IntStream.range(0, delta.length)
                            .mapToDouble(i -> delta[i])
                            .toArray();
                    return update;
                })
                .build()
                .run()
                .close();
        return ClientGraph.ofSimilarity(updates, .2);
    }
}
