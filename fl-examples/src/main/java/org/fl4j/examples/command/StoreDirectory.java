package org.fl4j.examples.command;

import java.nio.file.Files;
import java.nio.file.Path;
import org.fl4j.experiments.ExperimentRunner;
import org.fl4j.experiments.TrackingStore;
import org.fl4j.internal.Check;
import picocli.CommandLine.Parameters;

/** The directory of an experiment that was begun. */
final class StoreDirectory {
    @Parameters(paramLabel = "DIR", description = "what run --out named")
    private Path directory;

    Path path() {
        return directory;
    }

    /** Opens its store for reading. */
    TrackingStore open() {
        Path file = ExperimentRunner.store(directory);
        Check.that(Files.exists(file), "directory", "one of run --out, with " + file.getFileName(), directory);
        return TrackingStore.reading(file);
    }
}
