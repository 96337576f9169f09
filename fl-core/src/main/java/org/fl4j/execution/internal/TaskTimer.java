package org.fl4j.execution.internal;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * The clock of an executor: it tells the time and calls back. Tests replace it, so that no test waits for time to pass.
 */
interface TaskTimer extends AutoCloseable {
    /** Returns the time of day, by a clock that never goes back. */
    Instant now();

    /**
     * Calls back once after a wait, on a thread of the timer.
     *
     * @return calls it off; without effect once the action has begun
     * @throws RejectedExecutionException if the timer is closed
     */
    Runnable after(Duration wait, Runnable action);

    /** Calls nobody back any more. */
    @Override
    void close();

    /** Returns the timer of the machine; it has a thread only if {@code callsBack}. */
    static TaskTimer ofMachine(boolean callsBack) {
        return new Machine(callsBack);
    }

    /** The system's clock. */
    final class Machine implements TaskTimer {
        private final Instant startTime = Instant.now();
        private final long startNanos = System.nanoTime();
        private final Optional<ScheduledExecutorService> alarms;

        private Machine(boolean callsBack) {
            alarms = callsBack
                    ? Optional.of(
                            Executors.newSingleThreadScheduledExecutor(body -> TaskExecutor.daemon(body, "fl4j-clock")))
                    : Optional.empty();
        }

        @Override
        public Instant now() {
            return startTime.plusNanos(System.nanoTime() - startNanos);
        }

        @Override
        public Runnable after(Duration wait, Runnable action) {
            Future<?> set = alarms.orElseThrow().schedule(action, wait.toNanos(), TimeUnit.NANOSECONDS);
            return () -> set.cancel(false);
        }

        @Override
        public void close() {
            alarms.ifPresent(ScheduledExecutorService::shutdownNow);
        }
    }
}
