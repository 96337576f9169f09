package org.fl4j.experiments.report;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;

/** How a value differs between clients. */
final class Fairness {
    static final List<String> HEADS = List.of(
            "#clients", "#mean", "#worst", "#worst 10 %", "#median", "#best 10 %", "#best", "#standard deviation");

    private Fairness() {}

    /**
     * Returns one row: how many, their mean, the least, the mean of the tenth with the least, the median, the mean of
     * the tenth with the most, the most, and the standard deviation, which q-FFL (Li et al. 2020, arXiv 1905.10497)
     * measures fairness by.
     *
     * @param values not empty, greater being better
     */
    static List<String> row(Collection<Double> values) {
        double[] sorted = values.stream().mapToDouble(value -> value).sorted().toArray();
        int tenth = Math.max(1, sorted.length / 10);
        double mean = mean(sorted);
        double deviation = Math.sqrt(mean(Arrays.stream(sorted)
                .map(value -> (value - mean) * (value - mean))
                .toArray()));
        double median = (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
        return List.of(
                String.valueOf(sorted.length),
                Page.number(mean),
                Page.number(sorted[0]),
                Page.number(mean(Arrays.copyOf(sorted, tenth))),
                Page.number(median),
                Page.number(mean(Arrays.copyOfRange(sorted, sorted.length - tenth, sorted.length))),
                Page.number(sorted[sorted.length - 1]),
                Page.number(deviation));
    }

    private static double mean(double... values) {
        return Arrays.stream(values).average().orElseThrow();
    }
}
