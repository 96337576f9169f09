package org.fl4j.execution;

import java.time.Duration;

/** An attempt took longer than it may; what it threw when it was interrupted, if it did, is the cause. */
public final class TaskTimedOutException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Says which task took too long.
     *
     * @param timeout how long it may take
     * @param cause what it threw, or null
     */
    public TaskTimedOutException(TaskId id, Duration timeout, Throwable cause) {
        super(id + " must take at most " + timeout.toMillis() + " ms, but took longer", cause);
    }
}
