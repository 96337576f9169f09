package org.fl4j.internal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
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
        try {
            // Not Files.readString: it refuses a character that a crash cut in two.
            String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
            String kept = Csv.read(text).stream()
                    .filter(row -> row.ended() && records.test(row.fields()))
                    .map(row -> row.raw() + "\n")
                    .collect(Collectors.joining());
            Durable.write(file, kept.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot rewrite " + file + ": " + Durable.reason(e), e);
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
