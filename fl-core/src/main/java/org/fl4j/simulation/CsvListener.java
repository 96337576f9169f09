package org.fl4j.simulation;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import org.fl4j.internal.CsvFile;
import org.fl4j.message.ServerState;

/**
 * Writes one record a round to a file of comma-separated values: round, chosen metrics, updates folded, rejected and
 * failed, bytes and seconds. A metric that a round did not measure is left empty; names with commas, quotes or line
 * ends are quoted (RFC 4180). A fresh run starts the file anew; a resumed run takes back the rounds it repeats.
 */
public final class CsvListener implements RunListener {
    private static final String ROUND = "round";

    private final CsvFile file;
    private final List<String> metrics;

    /** Names the file and the metrics to write, such as {@code test/accuracy}. */
    public CsvListener(Path file, List<String> metrics) {
        this.file = new CsvFile(file);
        this.metrics = List.copyOf(metrics);
    }

    @Override
    public void runStarted(int completedRounds, int totalRounds) {
        file.keep(fields ->
                completedRounds > 0 && (fields.get(0).equals(ROUND) || roundOf(fields.get(0)) <= completedRounds));
        if (file.isEmpty()) {
            List<String> header = new ArrayList<>(List.of(ROUND));
            header.addAll(metrics);
            header.addAll(List.of(
                    "accepted", "rejected", "failed", "bytes_down", "bytes_up", "train_seconds", "evaluation_seconds"));
            file.append(header);
        }
    }

    /** A record that a crash spoiled belongs to no finished round. */
    private static int roundOf(String field) {
        return field.matches("[0-9]{1,9}") ? Integer.parseInt(field) : Integer.MAX_VALUE;
    }

    @Override
    public void roundEnded(RoundReport report, ServerState state) {
        List<String> fields = new ArrayList<>(List.of(String.valueOf(report.round())));
        for (String name : metrics) {
            OptionalDouble value = report.metrics().find(name);
            fields.add(value.isPresent() ? String.valueOf(value.getAsDouble()) : "");
        }
        fields.add(String.valueOf(report.clients().size()));
        fields.add(String.valueOf(report.rejected().size()));
        fields.add(String.valueOf(report.failures().size()));
        fields.add(String.valueOf(report.bytesDown()));
        fields.add(String.valueOf(report.bytesUp()));
        fields.add(seconds(report.trainSeconds()));
        fields.add(seconds(report.evaluationSeconds()));
        file.append(fields);
    }

    private static String seconds(double value) {
        return String.format(Locale.ROOT, "%.6f", value);
    }
}
