package org.fl4j.simulation;

/** What to make of exceptions that say less than they could. */
final class Failures {
    private Failures() {}

    /**
     * Returns what really happened. With a full heap the virtual machine throws one and the same error again and again;
     * a try-with-resources statement whose resource throws it too then fails with "Self-suppression not permitted".
     */
    static Throwable unwrapped(Throwable failure) {
        boolean selfSuppressed = failure instanceof IllegalArgumentException
                && failure.getCause() instanceof Error
                && "Self-suppression not permitted".equals(failure.getMessage());
        return selfSuppressed ? failure.getCause() : failure;
    }
}
