package org.fl4j.core;

import java.util.Optional;
import org.fl4j.message.ModelUpdate;

/** How a round's updates become an aggregate, block by block; see {@link UpdateStream#fold}. */
public interface Fold {
    /** What the updates of one block have come to. For one thread at a time. */
    @FunctionalInterface
    interface Part {
        /** Judges an update, adds it if it is accepted, and frees it. */
        void take(ModelUpdate update);
    }

    /** Begins a part. */
    Part begin();

    /** Adds a part to the whole; on the thread of the server, in the order of the blocks. */
    void merge(Part part);

    /** Adds a part that was made in another process; on the thread of the server, in the order of the blocks. */
    void merge(BlockSums part);

    /** Returns whether the round takes more updates. */
    boolean wantsMore();

    /**
     * Returns the rule by which other processes may make parts; nothing if the server must see each update. That is so
     * if the rule does not sum, if it is one of the user's that looks at more than what clients were sent, if the
     * user's filter looks at updates, or if the round may end before all are there.
     */
    Optional<SumRule> rule();
}
