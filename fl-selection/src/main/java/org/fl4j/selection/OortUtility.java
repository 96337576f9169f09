package org.fl4j.selection;

import org.fl4j.metrics.Metric;
import org.fl4j.metrics.Metrics;

/** The statistical utility of a client: {@code |B| sqrt(mean of squared losses over B)} (Lai et al. 2021, section 4.2). */
public enum OortUtility {
    /** B is all examples that the client trained on, as often as it did. */
    ALL_LOSSES("train/squared loss"),
    /** The mean is over the last batch alone, which tells more of the model that the client sends. */
    LAST_BATCH("train/last squared loss");

    private final String metric;

    OortUtility(String metric) {
        this.metric = metric;
    }

    /** Returns a client's utility: at least 0, and 0 if it trained on nothing. */
    double of(Metrics measured) {
        Metric all = measured.values().get(ALL_LOSSES.metric);
        Metric squares = measured.values().get(metric);
        return all == null || squares == null ? 0 : all.weight() * Math.sqrt(squares.value());
    }
}
