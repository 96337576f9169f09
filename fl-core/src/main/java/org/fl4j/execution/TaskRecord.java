package org.fl4j.execution;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.fl4j.internal.Check;
import org.fl4j.metrics.Metrics;

/**
 * What became of a task.
 *
 * @param id which
 * @param priority its rank, 0 being the most important
 * @param thread the number of the thread that ran it, 0 being the one that asks for results; -1 if it never ran
 * @param attempts how often it was begun
 * @param submitted when it was queued
 * @param started when its first attempt began, or when it was cancelled
 * @param ended when its last attempt ended
 * @param runTime how long its attempts took, without the waits between them
 * @param outcome how
 * @param error the last attempt's exception, type and message, unless it succeeded
 * @param metrics what it measured of itself: privacy spent, and the machine's load
 * @param updateSha256 the hash of the update that it made, if hashes were asked for
 */
public record TaskRecord(
        TaskId id,
        int priority,
        int thread,
        int attempts,
        Instant submitted,
        Instant started,
        Instant ended,
        Duration runTime,
        Outcome outcome,
        Optional<String> error,
        Metrics metrics,
        Optional<String> updateSha256) {
    /** How a task ended. */
    public enum Outcome {
        /** Its result was handed out, or was there when nobody needed it any more. */
        SUCCEEDED,
        /** Its last attempt threw. */
        FAILED,
        /** Its last attempt took longer than it may. */
        TIMED_OUT,
        /** It was given up before its first attempt or between attempts, or interrupted since the run was cancelled. */
        CANCELLED
    }

    /** Checks that times are in order. */
    public TaskRecord {
        if (started.isBefore(submitted)) { // no text but for the failure
            Check.that(false, "started", "at or after submission, " + submitted, started);
        }
        if (ended.isBefore(started)) {
            Check.that(false, "ended", "at or after the start, " + started, ended);
        }
        Duration most = Duration.between(started, ended);
        if (runTime.isNegative() || runTime.compareTo(most) > 0) {
            Check.that(false, "runTime", "in [0, " + most + "]", runTime);
        }
    }

    /** Returns how long it was queued. */
    public Duration queueWait() {
        return Duration.between(submitted, started);
    }
}
