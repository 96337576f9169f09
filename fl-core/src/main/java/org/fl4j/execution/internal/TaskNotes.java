package org.fl4j.execution.internal;

import java.util.Optional;
import org.fl4j.execution.TaskRecord;
import org.fl4j.metrics.Metrics;

/** What a task says of itself for its {@link TaskRecord}; of several attempts, what the last one said. */
public final class TaskNotes {
    private Metrics metrics = Metrics.none();
    private Optional<String> updateSha256 = Optional.empty();

    TaskNotes() {}

    /** Adds metrics. */
    public void add(Metrics more) {
        metrics = metrics.merge(more);
    }

    /** TaskNotes the hash of the update. */
    public void updateSha256(String hash) {
        updateSha256 = Optional.of(hash);
    }

    Metrics metrics() {
        return metrics;
    }

    Optional<String> updateSha256() {
        return updateSha256;
    }
}
