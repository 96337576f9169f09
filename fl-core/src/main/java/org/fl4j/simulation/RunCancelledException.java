package org.fl4j.simulation;

/**
 * Unwinds a round whose run was cancelled; an executor throws it, and {@link Simulation#run} turns it into a result.
 */
public final class RunCancelledException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Says so. */
    public RunCancelledException() {
        super("the run was cancelled");
    }
}
