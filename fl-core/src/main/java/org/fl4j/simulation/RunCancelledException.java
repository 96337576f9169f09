package org.fl4j.simulation;

/** Unwinds a round whose run was cancelled; {@link Simulation#run} turns it into a result. */
final class RunCancelledException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    RunCancelledException() {
        super("the run was cancelled");
    }
}
