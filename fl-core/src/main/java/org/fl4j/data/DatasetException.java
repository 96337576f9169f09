package org.fl4j.data;

/** A data set cannot be read: the message names the file, the rule and what was found. */
public final class DatasetException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Makes an exception without a cause. */
    public DatasetException(String message) {
        super(message);
    }

    /** Makes an exception with a cause. */
    public DatasetException(String message, Throwable cause) {
        super(message, cause);
    }
}
