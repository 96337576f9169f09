package org.fl4j.simulation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.fl4j.internal.Durable;

/** The names of checkpoints, and the files of a directory that have one. */
final class CheckpointFiles {
    private static final String ENDING = ".safetensors";
    private static final int KEPT = 2;

    private CheckpointFiles() {}

    /** Returns the file of a round. */
    static Path file(Path directory, int round) {
        return directory.resolve(String.format(Locale.ROOT, "round-%06d%s", round, ENDING));
    }

    /** Deletes all but the two latest checkpoints of the directory. */
    static void prune(Path directory) {
        List<Path> files = all(directory);
        try {
            for (Path file : files.subList(0, Math.max(0, files.size() - KEPT))) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new CheckpointException(directory, "an old checkpoint cannot be deleted: " + Durable.reason(e), e);
        }
    }

    /** Returns the checkpoint of the latest round up to one, if there is any. */
    static Optional<Path> latest(Path directory, int round) {
        return all(directory).stream().filter(file -> round(file) <= round).reduce((earlier, later) -> later);
    }

    /** Returns the round after which a checkpoint was taken. */
    static int round(Path file) {
        return Integer.parseInt(file.getFileName().toString().replaceAll("\\D", ""));
    }

    /** Returns the round of the earliest checkpoint in the directory, 0 if there is none. */
    static int oldest(Path directory) {
        List<Path> files = all(directory);
        return files.isEmpty() ? 0 : round(files.get(0));
    }

    private static List<Path> all(Path directory) {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.getFileName().toString().matches("round-\\d{6,}\\" + ENDING))
                    .sorted(Comparator.comparing(
                                    (Path file) -> file.getFileName().toString().length())
                            .thenComparing(file -> file.getFileName().toString()))
                    .toList();
        } catch (IOException e) {
            throw new CheckpointException(directory, "the directory cannot be read: " + Durable.reason(e), e);
        }
    }
}
