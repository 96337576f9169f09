package org.fl4j.simulation;

import java.util.List;
import java.util.OptionalDouble;
import org.fl4j.internal.Check;

/** Ends a run early. Judged after each round on all rounds so far, so that it decides alike after a resume. */
@FunctionalInterface
public interface StopRule {
    /** Returns whether to stop; the history has one round at least, in order. */
    boolean shouldStop(List<RoundReport> history);

    /** Stops as soon as a metric of the last round is at least {@code target}. */
    static StopRule targetReached(String metric, double target) {
        Check.finite("target", target);
        return history -> {
            OptionalDouble value = history.get(history.size() - 1).metrics().find(metric);
            return value.isPresent() && value.getAsDouble() >= target;
        };
    }

    /**
     * Stops when a metric that should grow was measured {@code patience} times without exceeding its best value so far by
     * {@code minimumGain}.
     */
    static StopRule noImprovement(String metric, int patience, double minimumGain) {
        Check.positive("patience", patience);
        Check.notNegative("minimumGain", minimumGain);
        return history -> {
            double best = Double.NEGATIVE_INFINITY;
            int since = 0;
            for (RoundReport report : history) {
                OptionalDouble value = report.metrics().find(metric);
                if (value.isPresent() && value.getAsDouble() > best + minimumGain) {
                    best = value.getAsDouble();
                    since = 0;
                } else if (value.isPresent()) {
                    since++;
                }
            }
            return since >= patience;
        };
    }
}
