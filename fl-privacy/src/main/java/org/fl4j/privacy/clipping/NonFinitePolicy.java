package org.fl4j.privacy.clipping;

/** What to do about gradients whose norm is NaN or infinite. */
public enum NonFinitePolicy {
    /** Throw an {@link ArithmeticException}. */
    RAISE,
    /** Log a warning and leave the gradients as they are. */
    SKIP,
    /** Log a warning and set all gradients to 0. */
    ZERO,
    /** Log a warning and scale all the same, as PyTorch does: gradients become NaN or 0. */
    SCALE
}
