package org.fl4j.metrics;

import org.fl4j.internal.Check;

/**
 * One measured value as a weighted sum, so that values of several clients or batches merge without loss.
 *
 * @param sum the sum of weight times value over what was measured
 * @param weight the sum of the weights (example counts, usually), positive
 */
public record Metric(double sum, double weight) {
    /** Checks the weight. */
    public Metric {
        Check.positive("weight", weight);
    }

    /** Returns the weighted mean. */
    public double value() {
        return sum / weight;
    }

    Metric merge(Metric other) {
        return new Metric(sum + other.sum, weight + other.weight);
    }
}
