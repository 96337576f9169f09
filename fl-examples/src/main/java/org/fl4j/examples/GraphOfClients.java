package org.fl4j.examples;

import java.util.Locale;
import org.fl4j.aggregators.mira.Mira;
import org.fl4j.aggregators.mira.RandomClientGraph;
import org.fl4j.client.LocalTraining;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.FederatedDataset;
import org.fl4j.data.LocalSplit;
import org.fl4j.data.Partitioners;
import org.fl4j.model.Models;
import org.fl4j.random.Seed;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;

/** MIRA: each client has a model of its own, which is pulled towards those of its neighbours in a graph. */
public final class GraphOfClients {
    private GraphOfClients() {}

    /** Trains for ten rounds and prints how well clients' models do on examples of their own that they did not see. */
    public static void main(String[] arguments) {
        Seed seed = new Seed(1);
        try (Dataset digits = Digits.generate(10_000, 2_000, seed)) {
            FederatedDataset data = Partitioners.shards(2).federated(digits, /* clients= */ 20, seed);
            LocalSplit split = data.split(/* testShare= */ 0.2, seed);
            Simulation simulation = Simulation.builder()
                    .task(Models.mnist2nn())
                    .data(split.train())
                    .testData(digits.test())
                    .clientEvaluation(split.test(), /* everyRounds= */ 10)
                    .training(LocalTraining.sgd(0.05))
                    .algorithm(new Mira(new RandomClientGraph(/* threshold= */ 0.25, seed)))
                    .cohortSize(20)
                    .rounds(10)
                    .seed(seed.value())
                    .build();
            try (RunResult result = simulation.run()) {
                System.out.printf(
                        Locale.ROOT,
                        "clients' accuracy on their own data %.4f%n",
                        result.finalMetrics().value("client/test/accuracy"));
            }
        }
    }
}
