package org.fl4j.examples;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.fl4j.client.LocalTraining;
import org.fl4j.data.Dataset;
import org.fl4j.data.Examples;
import org.fl4j.data.Partition;
import org.fl4j.data.Partitioners;
import org.fl4j.model.Models;
import org.fl4j.random.Seed;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.Simulation;
import org.fl4j.tensor.TensorEngine;

/**
 * Data of your own, from a CSV file of made-up patients: the first column says which hospital a row belongs to, the
 * last one is the class, and the others are features.
 */
public final class CustomData {
    private CustomData() {}

    /** Trains for twenty rounds, each hospital being a client, and prints the accuracy. */
    public static void main(String[] arguments) throws IOException {
        List<String[]> rows;
        try (BufferedReader file = new BufferedReader(
                new InputStreamReader(CustomData.class.getResourceAsStream("patients.csv"), StandardCharsets.UTF_8))) {
            rows = file.lines().skip(1).map(line -> line.split(",")).toList();
        }
        List<String[]> train = rows.subList(0, 270);
        List<String[]> test = rows.subList(270, rows.size());
        Seed seed = new Seed(1);
        try (Dataset patients = new Dataset(examples(train), examples(test), /* classCount= */ 2)
                .ownedBy(train.stream().map(row -> row[0]).toList())) {
            Partition hospitals = Partitioners.owners().partition(patients, /* clients= */ 4, seed);
            Simulation simulation = Simulation.builder()
                    .task(Models.softmaxRegression(new Shape(3), 2))
                    .data(patients.federated(hospitals))
                    .testData(patients.test())
                    .training(LocalTraining.sgd(0.1).batchSize(20))
                    .cohortSize(4)
                    .rounds(20)
                    .seed(seed.value())
                    .build();
            try (RunResult result = simulation.run()) {
                System.out.printf(
                        Locale.ROOT, "accuracy %.4f%n", result.finalMetrics().value("test/accuracy"));
            }
        }
    }

    private static Examples examples(List<String[]> rows) {
        NDManager manager = TensorEngine.newManager(Device.cpu()); // closed with the data set
        float[] features = new float[rows.size() * 3];
        for (int i = 0; i < features.length; i++) {
            features[i] = Float.parseFloat(rows.get(i / 3)[1 + i % 3]);
        }
        long[] labels = IntStream.range(0, rows.size())
                .mapToLong(i -> Long.parseLong(rows.get(i)[4]))
                .toArray();
        return new Examples(manager.create(features, new Shape(rows.size(), 3)), manager.create(labels));
    }
}
