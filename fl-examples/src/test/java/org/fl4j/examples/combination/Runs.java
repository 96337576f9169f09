package org.fl4j.examples.combination;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Outcomes of runs, each of which is run once: many pairs are compared with one and the same. */
final class Runs {
    private final TinyRun tiny;
    private final Path directory;
    private final Map<String, Outcome> known = new HashMap<>();

    /** Runs with clients that keep their states below a directory. */
    Runs(TinyRun tiny, Path directory) {
        this.tiny = tiny;
        this.directory = directory;
    }

    /** Returns the outcome of a run with the parts, set in their order. */
    Outcome of(boolean statistics, int rounds, Part... parts) {
        String lines = List.of(parts).stream()
                .map(part -> part.kind() + " " + part.line() + ";")
                .reduce("", String::concat);
        String key = statistics + " " + rounds + " " + lines;
        Outcome outcome = known.get(key);
        if (outcome == null) {
            outcome = run(statistics, rounds, parts);
            known.put(key, outcome);
        }
        return outcome;
    }

    private Outcome run(boolean statistics, int rounds, Part... parts) {
        try {
            Path states = Files.createTempDirectory(directory, "states");
            Outcome outcome = Outcome.of(tiny.builder(statistics, parts).rounds(rounds), states);
            try (Stream<Path> files = Files.walk(states)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
            return outcome;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
