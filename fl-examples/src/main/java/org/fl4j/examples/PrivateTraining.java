package org.fl4j.examples;

import java.util.Locale;
import org.fl4j.client.LocalTraining;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.Partition;
import org.fl4j.data.Partitioners;
import org.fl4j.model.Models;
import org.fl4j.privacy.accounting.PrivacyBudget;
import org.fl4j.privacy.central.CentralDp;
import org.fl4j.privacy.central.ClippingRule;
import org.fl4j.privacy.noise.NoiseSource;
import org.fl4j.random.Seed;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;

/** Differential privacy for clients: updates are clipped, the server adds noise, and an accountant reports epsilon. */
public final class PrivateTraining {
    private PrivateTraining() {}

    /** Trains until the budget is spent and prints accuracy and epsilon. */
    public static void main(String[] arguments) {
        PrivacyBudget budget = new PrivacyBudget(/* epsilon= */ 8, /* delta= */ 1e-5);
        double rate = 0.2; // each client takes part in a round with this probability
        int rounds = 15;
        CentralDp privacy = new CentralDp(
                ClippingRule.fixed(0.5), budget.noiseMultiplier(rate, rounds), rate, budget, NoiseSource.seeded());
        Seed seed = new Seed(1);
        try (Dataset digits = Digits.generate(20_000, 2_000, seed)) {
            Partition partition = Partitioners.iid().partition(digits, /* clients= */ 200, seed);
            Simulation simulation = Simulation.builder()
                    .task(Models.softmaxRegression(
                            digits.test().features().getShape().slice(1), 10))
                    .data(digits.federated(partition))
                    .testData(digits.test())
                    .training(LocalTraining.sgd(0.1))
                    .algorithm(privacy)
                    .rounds(rounds)
                    .seed(seed.value())
                    .build();
            try (RunResult result = simulation.run()) {
                System.out.printf(
                        Locale.ROOT,
                        "accuracy %.4f, epsilon %.4f%n",
                        result.finalMetrics().value("test/accuracy"),
                        result.finalMetrics().value("privacy/epsilon"));
            }
        }
    }
}
