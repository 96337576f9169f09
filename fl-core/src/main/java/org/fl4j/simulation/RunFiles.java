package org.fl4j.simulation;

import ai.djl.ndarray.NDManager;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.fl4j.internal.DirectoryLock;
import org.fl4j.message.ServerState;
import org.fl4j.tensor.ParameterLayout;

/** The checkpoint directory of a run, which is the run's alone while it goes on. */
final class RunFiles implements AutoCloseable {
    private final Path directory;
    private final DirectoryLock lock;
    private final RunIdentity run;
    private Optional<History> history = Optional.empty();

    /**
     * Holds the directory, and makes it if it is not there.
     *
     * @throws IllegalArgumentException if another run holds it
     */
    RunFiles(Path directory, RunIdentity run) {
        this.directory = directory;
        this.run = run;
        try {
            lock = DirectoryLock.of(directory);
        } catch (UncheckedIOException e) {
            throw new CheckpointException(directory, e.getMessage(), e);
        }
    }

    /** Begins a run. */
    void begin() {
        Checkpoint.latest(directory).ifPresent(file -> {
            throw new CheckpointException(
                    file, "it is of an earlier run. Maybe resume it, or choose another directory.");
        });
        history = Optional.of(History.begin(directory));
    }

    /** Resumes from the latest checkpoint; without one the run begins. */
    Optional<Checkpoint.Stored> resume(ParameterLayout layout, int rounds, NDManager states) {
        Optional<Path> latest = Checkpoint.latest(directory);
        if (latest.isEmpty()) {
            begin();
            return Optional.empty();
        }
        Checkpoint.Stored stored = Checkpoint.load(latest.get(), layout, run, states);
        int round = stored.checkpoint().state().round();
        if (round > rounds) {
            throw new CheckpointException(
                    latest.get(), "rounds must be at least its round, " + round + ", but was " + rounds);
        }
        history = Optional.of(History.resume(directory, stored));
        return Optional.of(stored);
    }

    /** Writes a checkpoint, and deletes those that are not needed any more. */
    void save(ServerState state, List<RoundReport> reports, boolean toldAll) {
        requireThere();
        Checkpoint.save(directory, state, history.orElseThrow().append(reports), toldAll, run);
        CheckpointFiles.prune(directory);
    }

    /** Checks that the directory is still there: what is written to a removed one is lost. */
    void requireThere() {
        lock.requireThere();
    }

    @Override
    public void close() {
        lock.close();
    }
}
