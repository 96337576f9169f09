package org.fl4j.examples;

import java.util.Locale;
import org.fl4j.client.LocalTraining;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.FederatedDataset;
import org.fl4j.data.Partitioners;
import org.fl4j.model.Models;
import org.fl4j.random.Seed;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;

/** Federated averaging over 100 clients that see some digits more than others. */
public final class QuickStart {
    private QuickStart() {}

    /** Trains for thirty rounds and prints the accuracy. */
    public static void main(String[] arguments) {
        Seed seed = new Seed(1);
        try (Dataset digits = Digits.generate(10_000, 2_000, seed)) {
            FederatedDataset clients = Partitioners.dirichlet(0.5).federated(digits, /* clients= */ 100, seed);
            Simulation simulation = Simulation.builder()
                    .task(Models.mnist2nn())
                    .data(clients)
                    .testData(digits.test())
                    .training(LocalTraining.sgd(0.1).epochs(5).batchSize(10))
                    .cohortSize(20)
                    .rounds(30)
                    .seed(seed.value())
                    .build();
            try (RunResult result = simulation.run()) {
                System.out.printf(
                        Locale.ROOT, "accuracy %.4f%n", result.finalMetrics().value("test/accuracy"));
                System.out.println("state    " + result.stateSha256());
            }
        }
    }
}
