package org.fl4j.internal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** A file of comma-separated values that grows by whole records, which may have line ends within quotes. */
public final class CsvFile {
    private final Path file;
    private final LineFile lines;

    /** Names the file, which need not exist. */
    public CsvFile(Path file) {
        this.file = file;
        lines = new LineFile(file);
    }

    /** Keeps the whole records for which the predicate holds, of a file that exists; at once, by rename. */
    public void keep(Predicate<List<String>> records) {
        if (!Files.exists(file)) {
            return;
        }
        Path temporary = file.resolveSibling(file.getFileName() + ".partial");
        try {
            // Not Files.readString: it refuses a character that a crash cut in two.
            String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
            Files.writeString(
                    temporary,
                    Csv.read(text).stream()
                            .filter(row -> row.ended() && records.test(row.fields()))
                            .map(row -> row.raw() + "\n")
                            .collect(Collectors.joining()));
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot rewrite " + file + ": " + e.getMessage(), e);
        } finally {
            deleteQuietly(temporary);
        }
    }

    /** What is left of a rewrite that failed, as on a full disk, is of no use to anyone. */
    private static void deleteQuietly(Path temporary) {
        try {
            Files.deleteIfExists(temporary);
        } catch (IOException ignored) {
            // the failure of the rewrite says more
        }
    }

    /** Returns whether nothing is in it, or it does not exist. */
    public boolean isEmpty() {
        return lines.isEmpty();
    }

    /** Appends a record, and makes directories that are missing. */
    public void append(List<String> fields) {
        lines.append(Csv.line(fields));
    }
}
