package org.fl4j.simulation;

import java.nio.file.Path;
import java.util.List;
import org.fl4j.internal.RoundLines;
import org.fl4j.message.ServerState;

/**
 * Writes one JSON object a round to a file: round, metrics (value, sum and weight), cohort, per-client metrics,
 * rejected updates, failures, bytes and seconds. A fresh run starts the file anew; a resumed run takes back the rounds
 * it repeats.
 */
public final class JsonLinesListener implements RunListener {
    private final RoundLines lines;

    /** Names the file. */
    public JsonLinesListener(Path file) {
        lines = new RoundLines(file);
    }

    /**
     * Returns the reports that a run wrote to a file; a last line that a crash cut short is left out.
     *
     * @throws IllegalArgumentException if the content is wrong; names file, line, field and rule
     */
    public static List<RoundReport> read(Path file) {
        return new RoundLines(file).read(ReportJson::read);
    }

    @Override
    public void runStarted(int completedRounds, int totalRounds) {
        lines.keepUpTo(completedRounds);
    }

    @Override
    public void roundEnded(RoundReport report, ServerState state) {
        lines.append(ReportJson.write(report));
    }
}
