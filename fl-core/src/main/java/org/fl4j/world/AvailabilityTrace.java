package org.fl4j.world;

import java.util.Arrays;
import java.util.List;
import org.fl4j.internal.Check;

/**
 * When one client was seen to be there, over a period that repeats: from each {@code active} time to the
 * {@code inactive} time of the same position, both included.
 */
public final class AvailabilityTrace {
    private final double[] active;
    private final double[] inactive;
    private final double period;

    /**
     * Makes a trace; arrays are copied.
     *
     * @param active when stretches begin, ascending, in [0, period]
     * @param inactive when they end, each before the next begins
     * @param period positive
     */
    public AvailabilityTrace(double[] active, double[] inactive, double period) {
        this.active = active.clone();
        this.inactive = inactive.clone();
        this.period = Check.positive("period", period);
        Check.that(
                active.length == inactive.length,
                "inactive times",
                "as many as active, " + active.length,
                inactive.length);
        double last = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < active.length; i++) {
            Check.that(
                    active[i] >= 0 && active[i] >= last,
                    "active time " + i,
                    "at least 0 and the end before it",
                    active[i]);
            Check.that(
                    inactive[i] >= active[i] && inactive[i] <= period,
                    "inactive time " + i,
                    "at least its active time and at most the period, " + period,
                    inactive[i]);
            last = inactive[i];
        }
    }

    /** Returns whether the client is there at a time of at least 0. */
    public boolean isAvailable(double seconds) {
        double at = seconds % period;
        int found = Arrays.binarySearch(active, at);
        int begun = found >= 0 ? found : -found - 2; // the last stretch that began
        return begun >= 0 && at <= inactive[begun];
    }

    /**
     * Returns the availability of clients by a list of traces, client k having the k-th, and so on from the start
     * again.
     */
    public static Availability listed(List<AvailabilityTrace> traces) {
        List<AvailabilityTrace> copy = List.copyOf(traces);
        Check.that(!copy.isEmpty(), "traces", "at least one", copy.size());
        return (client, seconds) -> copy.get(client % copy.size()).isAvailable(seconds);
    }
}
