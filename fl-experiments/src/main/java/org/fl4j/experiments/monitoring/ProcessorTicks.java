package org.fl4j.experiments.monitoring;

import java.util.concurrent.TimeUnit;
import oshi.hardware.CentralProcessor;

/**
 * The counters of the processors' time that a {@link SystemProbe} reads, and the clock by which it waits for them.
 * Tests make both up.
 */
interface ProcessorTicks {
    /**
     * Returns how long all processors did what, since the system started, in the order of
     * {@link CentralProcessor.TickType}.
     */
    long[] read();

    /** Returns nanoseconds, by a clock that never goes back. */
    long nanoTime();

    /** Waits so many nanoseconds, also on a thread that is interrupted, which stays so. */
    void pause(long nanos);

    /** Returns those of this machine. */
    static ProcessorTicks of(CentralProcessor processor) {
        return new ProcessorTicks() {
            @Override
            public long[] read() {
                return processor.getSystemCpuLoadTicks();
            }

            @Override
            public long nanoTime() {
                return System.nanoTime();
            }

            @Override
            public void pause(long nanos) {
                long end = System.nanoTime() + nanos;
                boolean interrupted = false;
                for (long left = nanos; left > 0; left = end - System.nanoTime()) {
                    try {
                        TimeUnit.NANOSECONDS.sleep(left);
                    } catch (InterruptedException e) {
                        interrupted = true;
                    }
                }
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        };
    }
}
