package org.fl4j.examples;

import ai.djl.basicdataset.BasicDatasets;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.fl4j.data.CifarReader;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.DownloadedDatasets;
import org.fl4j.model.LearningTask;
import org.fl4j.model.Models;
import org.fl4j.random.Seed;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Small colour images: coloured digits, or CIFAR-10's files. */
@Command(name = "cifar", description = "Small colour images.", mixinStandardHelpOptions = true)
final class CifarCommand implements Callable<Integer> {
    private static final Map<String, Supplier<LearningTask>> MODELS = new TreeMap<>(Map.of(
            "cnn", Models::cifarCnn,
            "resnet18-bn", () -> Models.resNet18BatchNorm(10),
            "resnet18-gn", () -> Models.resNet18GroupNorm(10, 32)));

    @Option(
            names = "--data",
            defaultValue = "digits",
            description = "digits (drawn by code, in colour), download, or a directory of the binary batches"
                    + " (default: ${DEFAULT-VALUE})")
    private String data;

    @Option(
            names = "--model",
            defaultValue = "cnn",
            description = "cnn, resnet18-bn or resnet18-gn (default: ${DEFAULT-VALUE})")
    private String model;

    @Mixin
    private ExperimentOptions options;

    @Override
    public Integer call() {
        LearningTask task = ModelNames.find(MODELS, model);
        Dataset dataset = switch (data) {
            case "digits" -> Digits.generateColored(/* trainCount= */ 10_000, /* testCount= */ 2_000, new Seed(0));
            case "download" -> DownloadedDatasets.cifar10(BasicDatasets.REPOSITORY);
            default -> CifarReader.read(Path.of(data));
        };
        options.run(task, dataset.standardised());
        return 0;
    }
}
