package org.fl4j.experiments;

import java.nio.file.Path;

/** An experiment that cannot be run as it is declared: where, the rule, and the value. */
public final class ExperimentException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    ExperimentException(Path file, int line, String field, String message) {
        super(file + ", line " + line + (field.isEmpty() ? "" : ", " + field) + ": " + message);
    }
}
