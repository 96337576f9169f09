package org.fl4j.core;

/** Why an update was not aggregated. */
public enum RejectionReason {
    /** The delta's layout is not the model's. */
    WRONG_SHAPE,
    /** A value is NaN or infinite. */
    NOT_FINITE,
    /** The example count is below 1. */
    NO_EXAMPLES,
    /** The client already sent an update in this round. */
    DUPLICATE,
    /** The client started from another version of the model than the round's. */
    STALE,
    /** The aggregator, or a filter of the user's, refused it. */
    REFUSED
}
