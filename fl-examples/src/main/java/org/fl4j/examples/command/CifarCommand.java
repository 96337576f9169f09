package org.fl4j.examples.command;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Small colour images: coloured digits, or CIFAR-10's files. */
@Command(name = "cifar", description = "Small colour images.", mixinStandardHelpOptions = true)
final class CifarCommand implements Callable<Integer> {
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
        return options.run("cifar", data, model);
    }
}
