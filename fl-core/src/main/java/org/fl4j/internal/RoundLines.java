package org.fl4j.internal;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/** A file of JSON objects, one a line, each with a {@code round}. */
public final class RoundLines {
    private final Path path;
    private final LineFile file;

    /** Names the file, which need not exist. */
    public RoundLines(Path file) {
        this.path = file;
        this.file = new LineFile(file);
    }

    /**
     * Keeps the lines of rounds up to this one: a fresh run keeps none, a resumed run takes back what it repeats.
     *
     * @throws IllegalArgumentException if a line that is a JSON object has no {@code round}
     */
    public void keepUpTo(int completedRounds) {
        AtomicInteger line = new AtomicInteger();
        file.keep(text -> completedRounds > 0 && roundOf(line.incrementAndGet(), text) <= completedRounds);
    }

    /** A line that a crash cut short belongs to no finished round. */
    private int roundOf(int line, String text) {
        return parsed(text)
                .map(json -> read(line, json, object -> JsonFields.of(object).whole("round")))
                .orElse(Integer.MAX_VALUE);
    }

    private static Optional<JsonObject> parsed(String line) {
        try {
            return Optional.of(JsonParser.parseString(line).getAsJsonObject());
        } catch (JsonParseException | IllegalStateException e) {
            return Optional.empty();
        }
    }

    /**
     * Returns what becomes of the objects; a last line that a crash cut short is left out.
     *
     * @throws IllegalArgumentException if another line is no JSON object, or {@code read} refuses an object; names file
     *     and line
     */
    public <T> List<T> read(Function<JsonObject, T> read) {
        List<String> lines = file.lines();
        List<T> all = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            Optional<JsonObject> json = parsed(lines.get(i));
            if (json.isPresent()) {
                all.add(read(i + 1, json.get(), read));
            } else if (i < lines.size() - 1) {
                throw new IllegalArgumentException(path + ", line " + (i + 1) + " must be a JSON object, but is not");
            }
        }
        return all;
    }

    private <T> T read(int line, JsonObject json, Function<JsonObject, T> read) {
        try {
            return read.apply(json);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(path + ", line " + line + ": " + e.getMessage(), e);
        }
    }

    /** Appends an object that has a {@code round}. */
    public void append(JsonObject line) {
        append(List.of(line));
    }

    /** Appends objects that have a {@code round}. */
    public void append(List<JsonObject> lines) {
        file.append(lines.stream().map(JsonObject::toString).toList());
    }
}
