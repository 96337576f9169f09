package org.fl4j.examples;

import java.util.Locale;
import org.fl4j.aggregators.personal.Ditto;
import org.fl4j.client.LocalTraining;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.LocalSplit;
import org.fl4j.data.Partitioners;
import org.fl4j.model.Models;
import org.fl4j.random.Seed;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;

/** Ditto: a global model for all, and for each client a model of its own that stays close to it. */
public final class Personalisation {
    private Personalisation() {}

    /** Trains for ten rounds and prints the accuracy of the global model and of clients' own models. */
    public static void main(String[] arguments) {
        Seed seed = new Seed(1);
        try (Dataset digits = Digits.generate(10_000, 2_000, seed)) {
            LocalSplit split = Partitioners.shards(2)
                    .federated(digits, /* clients= */ 50, seed)
                    .split(/* testShare= */ 0.2, seed); // a fifth of each client's examples is for evaluation
            Simulation simulation = Simulation.builder()
                    .task(Models.mnist2nn())
                    .data(split.train().holdOut(/* count= */ 5)) // five clients never train
                    .testData(digits.test())
                    .clientEvaluation(split.test(), /* everyRounds= */ 10)
                    .training(LocalTraining.sgd(0.1))
                    .algorithm(new Ditto(/* lambda= */ 0.1))
                    .cohortSize(15)
                    .rounds(10)
                    .seed(seed.value())
                    .build();
            try (RunResult result = simulation.run()) {
                System.out.printf(
                        Locale.ROOT,
                        "global model on all data %.4f, clients' models on their own %.4f%n",
                        result.finalMetrics().value("test/accuracy"),
                        result.finalMetrics().value("client/test/accuracy"));
            }
        }
    }
}
