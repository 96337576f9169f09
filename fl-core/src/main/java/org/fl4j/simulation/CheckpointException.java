package org.fl4j.simulation;

import java.nio.file.Path;

/** A checkpoint cannot be written, read or used; the message names the file and why. */
public final class CheckpointException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    CheckpointException(Path file, String fault) {
        super("checkpoint " + file + ": " + fault);
    }

    CheckpointException(Path file, String fault, Throwable cause) {
        super("checkpoint " + file + ": " + fault, cause);
    }
}
