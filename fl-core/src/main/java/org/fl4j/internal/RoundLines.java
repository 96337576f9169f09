package org.fl4j.internal;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A file of JSON objects, one a line, each with a {@code round}. */
public final class RoundLines {
    private final LineFile file;

    /** Names the file, which need not exist. */
    public RoundLines(Path file) {
        this.file = new LineFile(file);
    }

    /** Keeps the lines of rounds up to this one: a fresh run keeps none, a resumed run takes back what it repeats. */
    public void keepUpTo(int completedRounds) {
        file.keep(line -> roundOf(line) <= completedRounds);
    }

    /** A line that a crash cut short belongs to no finished round. */
    private static int roundOf(String line) {
        return parsed(line).map(json -> json.get("round").getAsInt()).orElse(Integer.MAX_VALUE);
    }

    private static Optional<JsonObject> parsed(String line) {
        try {
            return Optional.of(JsonParser.parseString(line).getAsJsonObject());
        } catch (JsonParseException | IllegalStateException e) {
            return Optional.empty();
        }
    }

    /** Returns the objects that are whole. */
    public List<JsonObject> read() {
        return file.lines().stream().flatMap(line -> parsed(line).stream()).toList();
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
