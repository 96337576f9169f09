package org.fl4j.client;

import org.fl4j.internal.Check;
import org.fl4j.message.Facts;
import org.fl4j.metrics.Metrics;

/**
 * What a local training came to, beside the model.
 *
 * @param steps optimizer steps, at least 0
 * @param metrics such as {@code train/loss}, for people
 * @param facts such as the learning rate, for rules
 */
public record LocalResult(long steps, Metrics metrics, Facts facts) {
    /** Checks all. */
    public LocalResult {
        Check.that(steps >= 0, "steps", "at least 0", steps);
        Check.present("metrics", metrics);
        Check.present("facts", facts);
    }

    /** Says nothing that rules go by. */
    public LocalResult(long steps, Metrics metrics) {
        this(steps, metrics, Facts.none());
    }
}
