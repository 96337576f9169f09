package org.fl4j.client;

import org.fl4j.internal.Check;
import org.fl4j.metrics.Metrics;

/**
 * What a local training came to, beside the model.
 *
 * @param steps optimizer steps, at least 0
 * @param metrics such as {@code train/loss}
 */
public record LocalResult(long steps, Metrics metrics) {
    /** Checks both. */
    public LocalResult {
        Check.that(steps >= 0, "steps", "at least 0", steps);
        Check.present("metrics", metrics);
    }
}
