package org.fl4j.selection;

import java.util.OptionalDouble;
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

    /** Returns a client's utility, at least 0; none if it measured no losses, or they are not finite. */
    OptionalDouble of(Metrics measured) {
        Metric all = measured.values().get(ALL_LOSSES.metric);
        Metric squares = measured.values().get(metric);
        if (all == null || squares == null) {
            return OptionalDouble.empty();
        }
        double utility = all.weight() * Math.sqrt(squares.value());
        return Float.isFinite((float) utility) ? OptionalDouble.of(utility) : OptionalDouble.empty();
    }
}
