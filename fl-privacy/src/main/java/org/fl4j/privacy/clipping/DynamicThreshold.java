package org.fl4j.privacy.clipping;

import org.fl4j.internal.Check;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A clipping bound that follows a metric such as the loss: while the metric is above 1 the bound shrinks, otherwise it
 * grows. Immutable: {@link #after} returns the next one, so that what a run remembers is in its state.
 *
 * <p>The bound depends on clients' data, so it is not for differential privacy: there see {@link
 * org.fl4j.privacy.central.ClippingRule#quantile}.
 *
 * @param bound the clipping bound now, in [floor, ceiling]
 * @param factor what it shrinks by, in (0, 1)
 * @param floor positive
 * @param ceiling at least the floor
 */
public record DynamicThreshold(double bound, double factor, double floor, double ceiling) {
    private static final Logger LOG = LoggerFactory.getLogger(DynamicThreshold.class);

    /** Checks all. */
    public DynamicThreshold {
        Check.positive("floor", floor);
        Check.that(ceiling >= floor && Double.isFinite(ceiling), "ceiling", "at least the floor, " + floor, ceiling);
        Check.that(bound >= floor && bound <= ceiling, "bound", "in [" + floor + ", " + ceiling + "]", bound);
        Check.that(factor > 0 && factor < 1, "factor", "in (0, 1)", factor);
    }

    /** Takes factor 0.9, floor 1e-3 and ceiling 1e3. */
    public DynamicThreshold(double bound) {
        this(bound, .9, 1e-3, 1e3);
    }

    /** Returns the same rule at another bound. */
    public DynamicThreshold withBound(double other) {
        return new DynamicThreshold(other, factor, floor, ceiling);
    }

    /** Returns the bound after one more measurement. */
    public DynamicThreshold after(double metric) {
        Check.finite("metric", metric);
        double next = metric > 1 ? Math.max(floor, bound * factor) : Math.min(ceiling, bound / factor);
        LOG.atDebug()
                .addKeyValue("metric", metric)
                .addKeyValue("boundBefore", bound)
                .addKeyValue("bound", next)
                .log("clipping bound changed");
        return withBound(next);
    }
}
