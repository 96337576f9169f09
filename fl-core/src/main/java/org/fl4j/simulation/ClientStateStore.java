package org.fl4j.simulation;

import java.util.Collection;
import org.fl4j.message.ClientId;
import org.fl4j.message.ClientStore;

/** Client states as the run sees them: with rounds. */
interface ClientStateStore extends ClientStore, AutoCloseable {
    /**
     * Ends a round: what these clients staged takes effect, what others staged is forgotten.
     *
     * @param oldestNeeded the oldest round that the run may still be resumed from
     */
    void commit(int round, Collection<ClientId> accepted, int oldestNeeded);

    /**
     * Checks that no earlier run left anything.
     *
     * @throws CheckpointException if one did
     */
    void requireEmpty();

    /** Goes back to the end of a round: forgets what is newer. */
    void restore(int round);

    /** Frees what is in memory. */
    @Override
    void close();
}
