package org.fl4j.metrics;

import java.util.Collections;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;

/**
 * Named metrics, immutable. A name says the split it was measured on: {@code train/loss}, {@code test/accuracy}.
 *
 * @param values the metrics by name, in the order of the names
 */
public record Metrics(Map<String, Metric> values) {
    private static final Metrics NONE = new Metrics(Map.of());

    /** Copies the map; that it stays a sorted one makes the next copy cheap. */
    public Metrics {
        values = Collections.unmodifiableSortedMap(new TreeMap<>(values));
    }

    /** Returns no metrics at all. */
    public static Metrics none() {
        return NONE;
    }

    /** Returns one metric: the sum of weight times value, and the sum of the weights. */
    public static Metrics of(String name, double sum, double weight) {
        return new Metrics(Map.of(name, new Metric(sum, weight)));
    }

    /** Returns both: metrics of the same name are merged, sums and weights added. */
    public Metrics merge(Metrics other) {
        Map<String, Metric> merged = new TreeMap<>(values);
        other.values.forEach((name, metric) -> merged.merge(name, metric, Metric::merge));
        return new Metrics(merged);
    }

    /** Returns those whose name starts so. */
    public Metrics startingWith(String prefix) {
        Map<String, Metric> some = new TreeMap<>();
        values.forEach((name, metric) -> {
            if (name.startsWith(prefix)) {
                some.put(name, metric);
            }
        });
        return some.isEmpty() ? NONE : new Metrics(some);
    }

    /** Returns the weighted mean of one metric, or nothing if it was not measured. */
    public OptionalDouble find(String name) {
        Metric metric = values.get(name);
        return metric == null ? OptionalDouble.empty() : OptionalDouble.of(metric.value());
    }

    /**
     * Returns the weighted mean of one metric.
     *
     * @throws IllegalArgumentException if it was not measured; the message lists what was
     */
    public double value(String name) {
        return find(name)
                .orElseThrow(() -> new IllegalArgumentException(
                        "name must be one of the measured metrics " + values.keySet() + ", but was " + name));
    }
}
