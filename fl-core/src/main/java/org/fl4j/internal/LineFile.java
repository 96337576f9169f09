package org.fl4j.internal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** A text file that grows by whole lines, and from which a resumed run takes back the lines it will write again. */
public final class LineFile {
    private final Path file;
    private boolean begun; // since this object wrote to it

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
            Durable.write(file, joined(lines().stream().filter(lines).toList()));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot rewrite " + file + ": " + Durable.reason(e), e);
        }
    }

    /** Returns its lines. What a crash left of a character is replaced by a mark. */
    public List<String> lines() {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file + ": " + Durable.reason(e), e);
        }
    }

    /** Returns whether nothing is in it, or it does not exist. */
    public boolean isEmpty() {
        try {
            return !Files.exists(file) || Files.size(file) == 0;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file + ": " + Durable.reason(e), e);
        }
    }

    /** Appends a line, for good. */
    public void append(String line) {
        append(List.of(line));
    }

    /**
     * Appends lines, for good. The first of this object makes the file, and directories that are missing; later ones
     * expect it.
     *
     * @throws UncheckedIOException if they cannot be written, or the file was removed since this object wrote to it
     */
    public void append(List<String> lines) {
        try {
            if (!begun) {
                create();
                begun = true;
            }
            Durable.append(file, joined(lines));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file + ": " + Durable.reason(e), e);
        }
    }

    private void create() throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        Files.createDirectories(folder);
        if (!Files.exists(file)) {
            Files.createFile(file);
            Durable.force(folder);
        }
    }

    private static byte[] joined(List<String> lines) {
        return lines.stream()
                .map(line -> line + "\n")
                .collect(Collectors.joining())
                .getBytes(StandardCharsets.UTF_8);
    }
}
