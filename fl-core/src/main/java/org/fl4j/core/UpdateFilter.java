package org.fl4j.core;

/** A user's own look at each update, after the server's checks and before the aggregator's. */
@FunctionalInterface
public interface UpdateFilter {
    /** Accepts an update, or says why it is refused. */
    Admission onModelUpdate(ModelUpdate update, ServerState state);

    /** Returns what the aggregator sees of an accepted update: by default the update itself. */
    default ModelUpdate transformed(ModelUpdate update, ServerState state) {
        return update;
    }
}
