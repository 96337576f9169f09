package org.fl4j.monitoring;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A daemon thread that does something again and again, at a fixed rate. Beats that are missed are left out. */
final class Metronome {
    private static final long LONGEST_STOP_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final CountDownLatch stopped = new CountDownLatch(1);
    private final long every;
    private final Runnable beat;
    private final Thread thread;

    /**
     * Starts the thread.
     *
     * @param every positive
     * @param beat what it does; throws nothing
     */
    Metronome(Duration every, Runnable beat) {
        this.every = every.toNanos();
        this.beat = beat;
        thread = new Thread(this::run, "fl4j-monitor");
        thread.setDaemon(true);
        thread.start();
    }

    private void run() {
        long next = System.nanoTime() + every;
        try {
            while (!stopped.await(next - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                beat.run();
                long now = System.nanoTime();
                next = next + every - now > 0 ? next + every : now;
            }
        } catch (InterruptedException e) {
            // it was stopped in the middle of a beat
        }
    }

    /** Ends the thread, and waits until it has ended; a beat that hangs is not waited for longer than a minute. */
    void stop() {
        stopped.countDown();
        thread.interrupt();
        boolean interrupted = false;
        long end = System.nanoTime() + LONGEST_STOP_NANOS;
        while (thread.isAlive() && end - System.nanoTime() > 0) {
            try {
                thread.join(1000);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
