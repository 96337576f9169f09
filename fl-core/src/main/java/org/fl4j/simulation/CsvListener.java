package org.fl4j.simulation;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.fl4j.core.ServerState;
import org.fl4j.internal.LineFile;

/**
 * Writes one line a round to a file of comma-separated values: round, chosen metrics, updates folded, rejected and failed,
 * bytes and seconds. A metric that a round did not measure is left empty. A fresh run starts the file anew; a resumed run
 * takes back the rounds it repeats.
 */
public final class CsvListener implements RunListener {
    private final LineFile file;
    private final List<String> metrics;

    /** Names the file and the metrics to write, such as {@code test/accuracy}. */
    public CsvListener(Path file, List<String> metrics) {
        this.file = new LineFile(file);
        this.metrics = List.copyOf(metrics);
    }

    @Override
    public void runStarted(int completedRounds, int totalRounds) {
        file.keep(line -> completedRounds > 0 && (line.startsWith("round,") || roundOf(line) <= completedRounds));
        if (file.isEmpty()) {
            file.append("round," + String.join(",", metrics)
                    + ",accepted,rejected,failed,bytes_down,bytes_up,train_seconds,evaluation_seconds");
        }
    }

    /** A line that a crash cut short belongs to no finished round. */
    private static int roundOf(String line) {
        String first = line.substring(0, Math.max(0, line.indexOf(',')));
        return first.matches("\\d{1,9}") ? Integer.parseInt(first) : Integer.MAX_VALUE;
    }

    @Override
    public void roundEnded(RoundReport report, ServerState state) {
        String values = metrics.stream()
                .map(name -> report.metrics().find(name))
                .map(value -> value.isPresent() ? String.valueOf(value.getAsDouble()) : "")
                .collect(Collectors.joining(","));
        file.append(String.format(
                Locale.ROOT,
                "%d,%s,%d,%d,%d,%d,%d,%.6f,%.6f",
                report.round(),
                values,
                report.clients().size(),
                report.rejected().size(),
                report.failures().size(),
                report.bytesDown(),
                report.bytesUp(),
                report.trainSeconds(),
                report.evaluationSeconds()));
    }
}
