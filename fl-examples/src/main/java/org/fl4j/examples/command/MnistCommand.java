package org.fl4j.examples.command;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Digits, embedded or from MNIST's files. */
@Command(name = "mnist", description = "Handwritten digits.", mixinStandardHelpOptions = true)
final class MnistCommand implements Callable<Integer> {
    @Option(
            names = "--data",
            defaultValue = "digits",
            description =
                    "digits (drawn by code), download, or a directory of IDX files of ten classes, such as MNIST or"
                            + " Fashion-MNIST (default: ${DEFAULT-VALUE})")
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
        return options.run("mnist", data, model);
    }
}
