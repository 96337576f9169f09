package org.fl4j.server;

import org.fl4j.internal.Check;

/**
 * When an asynchronous server makes a step.
 *
 * @param concurrency how many clients train at any time, at least 1
 * @param bufferSize how many arrivals make a round, at least 1: the buffer of FedBuff; 1 is FedAsync
 * @param maxStaleness how many versions an arrival may be behind the model, at least 0
 * @param window how long a round lasts at most, in simulated seconds, positive; who is not done by then goes on in the
 *     next round (semi-synchronous rounds). May be infinite
 */
public record AsynchronousRules(int concurrency, int bufferSize, int maxStaleness, double window) {
    /** Checks all. */
    public AsynchronousRules {
        Check.positive("concurrency", concurrency);
        Check.positive("bufferSize", bufferSize);
        Check.atLeast("maxStaleness", 0, maxStaleness);
        Check.that(window > 0, "window", "positive", window);
    }
}
