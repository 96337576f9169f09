package org.fl4j.internal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** A text file that grows by whole lines, and from which a resumed run takes back the lines it will write again. */
public final class LineFile {
    private final Path file;

    /** Names the file, which need not exist. */
    public LineFile(Path file) {
        this.file = file;
    }

    /** Keeps the lines for which the predicate holds, of a file that exists; at once, by rename. */
    public void keep(Predicate<String> lines) {
        if (!Files.exists(file)) {
            return;
        }
        try {
            List<String> kept = Files.readAllLines(file).stream().filter(lines).toList();
            Path temporary = file.resolveSibling(file.getFileName() + ".partial");
            Files.write(temporary, kept);
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot rewrite " + file, e);
        }
    }

    /** Returns its lines. */
    public List<String> lines() {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
    }

    /** Returns whether nothing is in it, or it does not exist. */
    public boolean isEmpty() {
        try {
            return !Files.exists(file) || Files.size(file) == 0;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
    }

    /** Appends a line, and makes directories that are missing. */
    public void append(String line) {
        append(List.of(line));
    }

    /** Appends lines, and makes directories that are missing. */
    public void append(List<String> lines) {
        try {
            if (file.getParent() != null) {
                Files.createDirectories(file.getParent());
            }
            Files.write(
                    file,
                    lines.stream()
                            .map(line -> line + "\n")
                            .collect(Collectors.joining())
                            .getBytes(StandardCharsets.UTF_8),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file, e);
        }
    }
}
