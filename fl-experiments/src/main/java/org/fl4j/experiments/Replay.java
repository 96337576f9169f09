package org.fl4j.experiments;

import java.nio.file.Path;
import java.util.Optional;
import org.fl4j.data.Dataset;
import org.fl4j.experiments.TrackedRuns.StoredRun;
import org.fl4j.message.ClientId;

/**
 * One client's update of one round, run again. Where training adapts to the machine or noise is not seeded, another
 * update is to be expected.
 *
 * @param recorded the hash of the update when the run was tracked
 * @param replayed the hash of the update now
 */
public record Replay(String recorded, String replayed) {
    /**
     * Runs it. Nothing in the directory changes.
     *
     * @param directory of the experiment
     * @param key the start of the run's key; not needed if there is one run
     * @throws IllegalArgumentException if no such update was recorded
     */
    public static Replay of(Path directory, Optional<String> key, int round, ClientId client) {
        StoredRun stored;
        String recorded;
        try (TrackingStore store = TrackingStore.reading(ExperimentRunner.store(directory))) {
            TrackedRuns runs = store.read();
            stored = runs.one(key);
            recorded = runs.tasks(stored.id()).stream()
                    .filter(task ->
                            task.id().round() == round && task.id().client().equals(client))
                    .flatMap(task -> task.updateSha256().stream())
                    .findFirst()
                    .orElseThrow(
                            () -> new IllegalArgumentException("round and client must be of a recorded update of run "
                                    + stored.key() + ", but was round " + round + ", " + client));
        }
        ExperimentSpec spec = ExperimentFile.read(ExperimentRunner.file(directory)).runs().stream()
                .map(ExperimentFile.Run::spec)
                .filter(declared -> declared.key().equals(stored.key()))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("run must be declared by "
                        + ExperimentRunner.file(directory) + ", but " + stored.key() + " is not"));
        try (Dataset dataset = spec.load()) {
            String replayed = ExperimentRunner.resumable(spec, dataset, ExperimentRunner.own(directory, stored.key()))
                    .build()
                    .replay(round, client);
            return new Replay(recorded, replayed);
        }
    }

    /** Returns whether the update is the same. */
    public boolean isSame() {
        return recorded.equals(replayed);
    }
}
