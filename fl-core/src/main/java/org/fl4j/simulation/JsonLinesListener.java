package org.fl4j.simulation;

import java.nio.file.Path;
import org.fl4j.core.ServerState;
import org.fl4j.internal.RoundLines;

/**
 * Writes one JSON object a round to a file: round, metrics (value, sum and weight), cohort, per-client metrics, rejected
 * updates, failures, bytes and seconds. A fresh run starts the file anew; a resumed run takes back the rounds it repeats.
 */
public final class JsonLinesListener implements RunListener {
    private final RoundLines lines;

    /** Names the file. */
    public JsonLinesListener(Path file) {
        lines = new RoundLines(file);
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
