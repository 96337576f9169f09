package org.fl4j.execution;

import java.time.Duration;
import java.util.Optional;
import org.fl4j.internal.Check;

/**
 * How tasks of clients are run.
 *
 * @param priority who is first when several wait; of the same rank, who was queued first
 * @param attempts how often a task that throws or takes too long is begun, at least 1. An {@link Error} is not tried
 *     again.
 * @param backOff the wait before the second attempt; it doubles with each further one, up to a minute or to this if it
 *     is longer. Meanwhile other tasks run.
 * @param timeout how long an attempt may take; then its thread is interrupted. Code that does not heed interrupts, as
 *     one native call does not, runs to its end, but its result is thrown away. Whether a client is in time depends on
 *     the machine: a run that skips those that are not cannot be repeated bit for bit.
 * @param aheadPerWorker how many clients of a round are queued or wait to be folded, for each worker: at least 1.
 *     Priorities choose among those. Each that waits takes the memory of an update.
 * @param roundLimit how long the training of a round may take: clients that have not begun by then fail, and are
 *     reported, but do not end the run. The first ones always begin. As under a time-out, the run cannot be repeated
 *     bit for bit.
 */
public record ExecutionPolicy(
        ClientPriority priority,
        int attempts,
        Duration backOff,
        Optional<Duration> timeout,
        int aheadPerWorker,
        Optional<Duration> roundLimit) {
    private static final Duration LONGEST = Duration.ofDays(365);
    private static final Duration LONGEST_WAIT = Duration.ofMinutes(1);

    /** Checks all. */
    public ExecutionPolicy {
        Check.present("priority", priority);
        Check.positive("attempts", attempts);
        Check.that(
                !Check.present("backOff", backOff).isNegative() && backOff.compareTo(LONGEST) <= 0,
                "backOff",
                "at least 0 and at most a year",
                backOff);
        timeout.ifPresent(limit -> requireLimit("timeout", limit));
        roundLimit.ifPresent(limit -> requireLimit("roundLimit", limit));
        Check.positive("aheadPerWorker", aheadPerWorker);
    }

    private static void requireLimit(String name, Duration limit) {
        Check.that(
                !limit.isNegative() && !limit.isZero() && limit.compareTo(LONGEST) <= 0,
                name,
                "positive and at most a year",
                limit);
    }

    /**
     * Returns: all clients alike, one attempt, a quarter of a second if there are to be more, no time-out, two ahead.
     */
    public static ExecutionPolicy once() {
        return new ExecutionPolicy(
                ClientPriority.same(),
                1,
                Duration.ofMillis(250),
                /* timeout= */ Optional.empty(),
                /* aheadPerWorker= */ 2,
                /* roundLimit= */ Optional.empty());
    }

    /** Returns this with other priorities. */
    public ExecutionPolicy priority(ClientPriority other) {
        return new ExecutionPolicy(other, attempts, backOff, timeout, aheadPerWorker, roundLimit);
    }

    /** Returns this with retries. */
    public ExecutionPolicy attempts(int most, Duration firstWait) {
        return new ExecutionPolicy(priority, most, firstWait, timeout, aheadPerWorker, roundLimit);
    }

    /** Returns this with a time-out. */
    public ExecutionPolicy timeout(Duration limit) {
        return new ExecutionPolicy(priority, attempts, backOff, Optional.of(limit), aheadPerWorker, roundLimit);
    }

    /** Returns this with another number of clients ahead. */
    public ExecutionPolicy aheadPerWorker(int clients) {
        return new ExecutionPolicy(priority, attempts, backOff, timeout, clients, roundLimit);
    }

    /** Returns this with a limit to the time that the training of a round may take. */
    public ExecutionPolicy roundLimit(Duration limit) {
        return new ExecutionPolicy(priority, attempts, backOff, timeout, aheadPerWorker, Optional.of(limit));
    }

    /** Returns how long to wait after an attempt, numbered from 1. */
    public Duration waitAfter(int attempt) {
        Duration longest = backOff.compareTo(LONGEST_WAIT) > 0 ? backOff : LONGEST_WAIT;
        Duration doubled = backOff.multipliedBy(1L << Math.min(attempt - 1, 16));
        return doubled.compareTo(longest) < 0 ? doubled : longest;
    }
}
