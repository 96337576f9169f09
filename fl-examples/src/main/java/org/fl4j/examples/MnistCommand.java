package org.fl4j.examples;

import ai.djl.basicdataset.BasicDatasets;
import ai.djl.ndarray.types.Shape;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.DownloadedDatasets;
import org.fl4j.data.MnistReader;
import org.fl4j.model.Layer;
import org.fl4j.model.LearningTask;
import org.fl4j.model.Models;
import org.fl4j.model.Network;
import org.fl4j.random.Seed;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Digits, embedded or from MNIST's files. */
@Command(name = "mnist", description = "Handwritten digits.", mixinStandardHelpOptions = true)
final class MnistCommand implements Callable<Integer> {
    private static final Map<String, Supplier<LearningTask>> MODELS = new TreeMap<>(Map.of(
            "softmax", () -> Models.softmaxRegression(new Shape(1, 28, 28), 10),
            "2nn", Models::mnist2nn,
            "2nn-batchnorm", MnistCommand::twoLayersNormalised,
            "cnn", Models::mnistCnn));

    @Option(
            names = "--data",
            defaultValue = "digits",
            description =
                    "digits (drawn by code), download, or a directory of the IDX files (default: ${DEFAULT-VALUE})")
    private String data;

    @Option(
            names = "--model",
            defaultValue = "2nn",
            description = "softmax, 2nn, 2nn-batchnorm or cnn (default: ${DEFAULT-VALUE})")
    private String model;

    @Mixin
    private ExperimentOptions options;

    @Override
    public Integer call() {
        LearningTask task = ModelNames.find(MODELS, model);
        Dataset dataset = switch (data) {
            case "digits" -> Digits.generate(/* trainCount= */ 30_000, /* testCount= */ 5_000, new Seed(0));
            case "download" -> DownloadedDatasets.mnist(BasicDatasets.REPOSITORY);
            default -> MnistReader.read(Path.of(data));
        };
        options.run(task, dataset);
        return 0;
    }

    private static LearningTask twoLayersNormalised() {
        return LearningTask.classification(
                Network.of(
                        new Layer.Flatten(),
                        new Layer.Dense(200),
                        new Layer.BatchNorm(),
                        new Layer.Relu(),
                        new Layer.Dense(200),
                        new Layer.BatchNorm(),
                        new Layer.Relu(),
                        new Layer.Dense(10)),
                new Shape(1, 28, 28));
    }
}
