package org.fl4j.simulation;

import java.util.Collections;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;
import org.fl4j.internal.Check;

/** Ends a run early. Judged after each round on all rounds so far, so that it decides alike after a resume. */
@FunctionalInterface
public interface StopRule {
    /** Returns whether to stop; the history has one round at least, in order. */
    boolean shouldStop(List<RoundReport> history);

    /**
     * Returns the names of the metrics that the rule waits for; a run checks that they exist. By default none are
     * known.
     */
    default Set<String> metrics() {
        return Set.of();
    }

    /** Returns a rule that stops when this one does or the other. */
    default StopRule or(StopRule other) {
        Set<String> both = new TreeSet<>(metrics());
        both.addAll(other.metrics());
        return new OfMetrics(both, history -> shouldStop(history) || other.shouldStop(history));
    }

    /**
     * A rule that says which metrics it waits for.
     *
     * @param metrics their names
     * @param rule when to stop
     */
    record OfMetrics(Set<String> metrics, StopRule rule) implements StopRule {
        /** Copies the names, in their order. */
        public OfMetrics {
            metrics = Collections.unmodifiableSet(new TreeSet<>(metrics));
            Check.present("rule", rule);
        }

        @Override
        public boolean shouldStop(List<RoundReport> history) {
            return rule.shouldStop(history);
        }
    }

    /** Stops as soon as a metric of the last round is at least {@code target}. */
    static StopRule targetReached(String metric, double target) {
        Check.finite("target", target);
        return new OfMetrics(Set.of(metric), history -> {
            OptionalDouble value = history.get(history.size() - 1).metrics().find(metric);
            return value.isPresent() && value.getAsDouble() >= target;
        });
    }

    /**
     * Stops when a metric that should grow was measured {@code patience} times without exceeding its best value so far
     * by {@code minimumGain}.
     */
    static StopRule noImprovement(String metric, int patience, double minimumGain) {
        Check.positive("patience", patience);
        Check.notNegative("minimumGain", minimumGain);
        return new OfMetrics(Set.of(metric), history -> {
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
        });
    }
}
