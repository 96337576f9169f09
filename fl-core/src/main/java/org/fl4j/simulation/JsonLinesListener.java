package org.fl4j.simulation;

import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.nio.file.Path;
import org.fl4j.core.ServerState;

/**
 * Writes one JSON object a round to a file: round, metrics (value, sum and weight), cohort, per-client metrics, rejected
 * updates, failures, bytes and seconds. A fresh run starts the file anew; a resumed run takes back the rounds it repeats.
 */
public final class JsonLinesListener implements RunListener {
    private final LineFile file;

    /** Names the file. */
    public JsonLinesListener(Path file) {
        this.file = new LineFile(file);
    }

    @Override
    public void runStarted(int completedRounds, int totalRounds) {
        file.keep(line -> roundOf(line) <= completedRounds);
    }

    /** A line that a crash cut short belongs to no finished round. */
    private static int roundOf(String line) {
        try {
            return JsonParser.parseString(line).getAsJsonObject().get("round").getAsInt();
        } catch (JsonParseException | IllegalStateException e) {
            return Integer.MAX_VALUE;
        }
    }

    @Override
    public void roundEnded(RoundReport report, ServerState state) {
        file.append(ReportJson.write(report).toString());
    }
}
