package org.fl4j.simulation;

/**
 * An {@link Error}, such as a full heap or a stack overflow, ended a run; it is the cause. Finished rounds are not
 * lost.
 */
public final class RunFailedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int round;

    RunFailedException(int round, Error cause) {
        super("round " + round + " failed: " + cause, cause);
        this.round = round;
    }

    /** Returns the round that was not finished, numbered from 1. */
    public int round() {
        return round;
    }
}
