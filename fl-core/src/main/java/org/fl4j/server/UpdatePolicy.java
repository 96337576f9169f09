package org.fl4j.server;

import org.fl4j.core.Admission;
import org.fl4j.internal.Check;

/**
 * Which updates a round takes, and how many.
 *
 * @param minimumUpdates of fewer accepted updates the round makes nothing: the model stays and they are rejected as too
 *     few
 * @param bufferSize how many accepted updates close the round; the clients after them are late, and are not trained
 * @param filter the user's own look at each update
 */
public record UpdatePolicy(int minimumUpdates, int bufferSize, UpdateFilter filter) {
    private static final UpdatePolicy ALL =
            new UpdatePolicy(0, Integer.MAX_VALUE, (update, state) -> Admission.accepted());

    /** Checks all. */
    public UpdatePolicy {
        Check.atLeast("minimumUpdates", 0, minimumUpdates);
        Check.atLeast("bufferSize", Math.max(1, minimumUpdates), bufferSize);
        Check.present("filter", filter);
    }

    /** Takes every sound update of the cohort, whatever their number. */
    public static UpdatePolicy all() {
        return ALL;
    }

    /** Returns this with another minimum. */
    public UpdatePolicy minimumUpdates(int value) {
        return new UpdatePolicy(value, bufferSize, filter);
    }

    /** Returns this with another number that closes a round. */
    public UpdatePolicy bufferSize(int value) {
        return new UpdatePolicy(minimumUpdates, value, filter);
    }

    /** Returns this with another filter. */
    public UpdatePolicy filter(UpdateFilter value) {
        return new UpdatePolicy(minimumUpdates, bufferSize, value);
    }
}
