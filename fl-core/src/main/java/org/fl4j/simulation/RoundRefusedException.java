package org.fl4j.simulation;

/** A round came to nothing that a model can be: to NaN or infinite values. The run keeps the state before the round. */
public final class RoundRefusedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int round;

    RoundRefusedException(int round, String fault) {
        super("round " + round + ": " + fault);
        this.round = round;
    }

    /** Returns the round, numbered from 1. */
    public int round() {
        return round;
    }
}
