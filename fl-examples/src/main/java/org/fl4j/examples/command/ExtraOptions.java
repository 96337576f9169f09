package org.fl4j.examples.command;

import java.util.Optional;
import org.fl4j.experiments.RunnerOptions;
import org.fl4j.experiments.tracking.MlflowListener;
import picocli.CommandLine.Option;

/** What running an experiment may do beside. */
final class ExtraOptions {
    @Option(
            names = "--progress",
            negatable = true,
            defaultValue = "true",
            fallbackValue = "true",
            description =
                    "show a bar with the time that is left and the last metrics on the error stream (default: yes)")
    private boolean progress;

    @Option(
            names = "--tensorboard",
            description = "write event files for TensorBoard below tensorboard in the directory")
    private boolean tensorBoard;

    @Option(
            names = "--mlflow",
            paramLabel = "URL",
            description = "enter runs into an MLflow server; a token is taken from MLFLOW_TRACKING_TOKEN")
    private String mlflow; // as text: a message about a bad URL must not repeat a password

    RunnerOptions extras() {
        return new RunnerOptions(
                progress,
                tensorBoard,
                Optional.ofNullable(mlflow).map(MlflowListener::address),
                Optional.ofNullable(System.getenv("MLFLOW_TRACKING_TOKEN")));
    }
}
