package org.fl4j.experiments.tracking;

import java.util.Map;
import java.util.TreeMap;
import org.fl4j.simulation.RoundReport;

/** What of a round other tools are told. */
final class RoundValues {
    private RoundValues() {}

    /** Returns all metrics, bytes and seconds by name. */
    static Map<String, Double> of(RoundReport report) {
        Map<String, Double> values = new TreeMap<>();
        report.metrics().values().forEach((name, metric) -> values.put(name, metric.value()));
        values.put("bytes/down", (double) report.bytesDown());
        values.put("bytes/up", (double) report.bytesUp());
        values.put("seconds/train", report.trainSeconds());
        values.put("seconds/evaluation", report.evaluationSeconds());
        return values;
    }
}
