package org.fl4j.examples;

import java.util.Locale;
import java.util.OptionalDouble;
import org.fl4j.client.LocalTraining;
import org.fl4j.core.ClientSelector;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.FederatedDataset;
import org.fl4j.data.Partitioners;
import org.fl4j.model.Models;
import org.fl4j.random.Seed;
import org.fl4j.selection.OortSelector;
import org.fl4j.selection.OortSettings;
import org.fl4j.server.UniformSelector;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;
import org.fl4j.simulation.SynchronousTime;
import org.fl4j.world.LogNormalDevices;
import org.fl4j.world.World;

/** Fast and slow devices on a simulated clock: Oort learns whom to ask, and is compared with uniform selection. */
public final class OortSelection {
    private OortSelection() {}

    /** Prints the simulated time to 70 % accuracy for both selectors. */
    public static void main(String[] arguments) {
        Seed seed = new Seed(1);
        try (Dataset digits = Digits.generate(10_000, 2_000, seed)) {
            FederatedDataset data = Partitioners.shards(2).federated(digits, /* clients= */ 100, seed);
            compare("uniform", new UniformSelector(), data, digits, seed);
            compare("oort", new OortSelector(OortSettings.paper()), data, digits, seed);
        }
    }

    private static void compare(
            String name, ClientSelector selector, FederatedDataset data, Dataset digits, Seed seed) {
        World world = new World(new LogNormalDevices(seed).durations());
        Simulation simulation = Simulation.builder()
                .task(Models.mnist2nn())
                .data(data)
                .testData(digits.test())
                .training(LocalTraining.sgd(0.1).epochs(5))
                .selector(selector)
                .algorithm(new SynchronousTime(world, /* timeout= */ Double.POSITIVE_INFINITY))
                .cohortSize(10)
                .rounds(60)
                .seed(seed.value())
                .build();
        try (RunResult result = simulation.run()) {
            OptionalDouble seconds = result.secondsTo("test/accuracy", 0.7);
            System.out.printf(Locale.ROOT, "%-8s %8.1f s%n", name, seconds.orElse(Double.NaN));
        }
    }
}
