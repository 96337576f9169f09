package org.fl4j.message;

/** Why an update was not aggregated. */
public enum RejectionReason {
    /** The delta's layout is not the model's. */
    WRONG_SHAPE,
    /** A value is NaN or infinite. */
    NOT_FINITE,
    /** The example count is below 1. */
    NO_EXAMPLES,
    /** The client claims more examples, or other numbers of steps, than it can have. */
    FALSE_CLAIM,
    /** What the client sent in place of its delta is not what the run's codec can decode. */
    UNDECODABLE,
    /** The client already sent an update in this round. */
    DUPLICATE,
    /** The client started from a version of the model that is too old for the round, or from none that is known. */
    STALE,
    /** The round had closed, or would have, before the update was there. */
    LATE,
    /** The client dropped out before it was done. */
    DROPPED_OUT,
    /** The round's aggregate was not finite, so that nothing was made of its updates. */
    ROUND_REFUSED,
    /** Too few updates of the round were accepted to make anything of it. */
    TOO_FEW,
    /** An array's type is not the one of the model. */
    WRONG_TYPE,
    /** The aggregator, or a filter of the user's, refused it. */
    REFUSED
}
