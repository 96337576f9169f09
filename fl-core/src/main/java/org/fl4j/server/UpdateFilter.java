package org.fl4j.server;

import org.fl4j.core.Admission;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.ServerState;

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
