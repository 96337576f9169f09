package org.fl4j.examples;

import ai.djl.ndarray.types.Shape;
import java.util.Locale;
import java.util.Map;
import org.fl4j.client.ClientOptimizer;
import org.fl4j.client.LocalTraining;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.Partition;
import org.fl4j.data.Partitioners;
import org.fl4j.model.ExampleMeasure;
import org.fl4j.model.Layer;
import org.fl4j.model.LearningTask;
import org.fl4j.model.Network;
import org.fl4j.random.Seed;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;

/** A network of your own, with metrics of your choice. Any DJL block or TorchScript file takes the network's place. */
public final class CustomModel {
    private CustomModel() {}

    /** Trains for ten rounds and prints what was measured. */
    public static void main(String[] arguments) {
        Network network = Network.of(
                new Layer.Conv2d(
                        /* filters= */ 8, /* kernel= */ 3, /* stride= */ 2, /* padding= */ 1, /* bias= */ true),
                new Layer.Relu(),
                new Layer.Flatten(),
                new Layer.Dense(64),
                new Layer.LayerNorm(),
                new Layer.Relu(),
                new Layer.Dense(10));
        LearningTask task = LearningTask.classification(network, new Shape(1, 28, 28))
                .withMetrics(Map.of("accuracy", ExampleMeasure.accuracy(), "top-2", ExampleMeasure.topK(2)));
        Seed seed = new Seed(1);
        try (Dataset digits = Digits.generate(10_000, 2_000, seed)) {
            Partition partition = Partitioners.iid().partition(digits, /* clients= */ 100, seed);
            Simulation simulation = Simulation.builder()
                    .task(task)
                    .data(digits.federated(partition))
                    .testData(digits.test())
                    .training(LocalTraining.sgd(0.1).optimizer(new ClientOptimizer.Sgd(/* momentum= */ 0.9, 0)))
                    .cohortSize(20)
                    .rounds(10)
                    .seed(seed.value())
                    .build();
            try (RunResult result = simulation.run()) {
                System.out.printf(
                        Locale.ROOT,
                        "accuracy %.4f, among the best two %.4f%n",
                        result.finalMetrics().value("test/accuracy"),
                        result.finalMetrics().value("test/top-2"));
            }
        }
    }
}
