package org.fl4j.examples;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.fl4j.client.LocalTraining;
import org.fl4j.core.ListAggregator;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.Partition;
import org.fl4j.data.Partitioners;
import org.fl4j.message.ModelUpdate;
import org.fl4j.model.Models;
import org.fl4j.random.Seed;
import org.fl4j.server.UniformSelector;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;
import org.fl4j.tensor.ParameterVector;

/** An aggregator of your own: the mean of the updates without the longest and the shortest one. */
public final class CustomAggregator {
    private CustomAggregator() {}

    static ParameterVector meanWithoutExtremes(List<ModelUpdate> updates) {
        List<ModelUpdate> byNorm = updates.stream()
                .sorted(Comparator.comparingDouble(update -> update.delta().norm()))
                .toList();
        List<ModelUpdate> kept = byNorm.subList(1, byNorm.size() - 1);
        ParameterVector mean = kept.get(0).delta().copy();
        kept.subList(1, kept.size()).forEach(update -> mean.addScaledInPlace(update.delta(), 1));
        mean.floats().divi(kept.size());
        return mean;
    }

    /** Trains for five rounds and prints the accuracy of each. */
    public static void main(String[] arguments) {
        Seed seed = new Seed(1);
        try (Dataset digits = Digits.generate(10_000, 2_000, seed)) {
            Partition partition = Partitioners.iid().partition(digits.train().classIndices(), 100, seed);
            Simulation simulation = Simulation.builder()
                    .task(Models.mnist2nn())
                    .data(digits.federated(partition))
                    .testData(digits.test())
                    .training(LocalTraining.sgd(0.1))
                    .selector(new UniformSelector())
                    .aggregator(new ListAggregator(CustomAggregator::meanWithoutExtremes))
                    .cohortSize(10)
                    .rounds(5)
                    .build();
            try (RunResult result = simulation.run()) {
                result.history()
                        .forEach(round -> System.out.printf(
                                Locale.ROOT,
                                "round %d accuracy %.4f%n",
                                round.round(),
                                round.metrics().value("test/accuracy")));
            }
        }
    }
}
