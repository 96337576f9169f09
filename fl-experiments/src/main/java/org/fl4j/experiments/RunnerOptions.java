package org.fl4j.experiments;

import java.net.URI;
import java.util.Optional;

/**
 * What is done beside running.
 *
 * @param progress whether to show a progress bar on the error stream
 * @param tensorBoard whether to write event files, into a directory of that name
 * @param mlflow the tracking server to enter runs into
 * @param mlflowToken what that server asks for
 */
public record RunnerOptions(boolean progress, boolean tensorBoard, Optional<URI> mlflow, Optional<String> mlflowToken) {
    /** Returns: nothing. */
    public static RunnerOptions none() {
        return new RunnerOptions(false, false, Optional.empty(), Optional.empty());
    }
}
