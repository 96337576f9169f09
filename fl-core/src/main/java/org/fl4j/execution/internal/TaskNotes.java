package org.fl4j.execution.internal;

import java.util.Optional;
import org.fl4j.execution.TaskRecord;
import org.fl4j.metrics.Metrics;

/** What a task says of itself for its {@link TaskRecord}; of several attempts, what the last one said. */
public final class TaskNotes {
    private Metrics metrics = Metrics.none();
    private Optional<String> updateSha256 = Optional.empty();

    /** Says nothing yet. */
    public TaskNotes() {}

    /** Adds metrics. */
    public void add(Metrics more) {
        metrics = metrics.merge(more);
    }

    /** Notes the hash of the update. */
    public void updateSha256(String hash) {
        updateSha256 = Optional.of(hash);
    }

    /** Returns what was measured. */
    public Metrics metrics() {
        return metrics;
    }

    /** Returns the hash of the update, if it was noted. */
    public Optional<String> updateSha256() {
        return updateSha256;
    }
}
