package org.fl4j.simulation;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;

/**
 * A thread on which a run computes while its caller waits. An interrupt of the caller can so be distinguished from one
 * that a client makes on the thread that it trains on: only the first one cancels the run.
 */
final class RunThread {
    private volatile boolean interrupted;
    private volatile Runnable onInterrupt = () -> {};

    /** Returns whether the caller was interrupted since {@link #call} began. */
    boolean isInterrupted() {
        return interrupted;
    }

    /** Sets what an interrupt of the caller does beside being noted; called on the caller's thread. */
    void onInterrupt(Runnable action) {
        onInterrupt = action;
    }

    /** TaskNotes an interrupt that a listener made, which is on the caller's side. */
    void interrupt() {
        interrupted = true;
    }

    /**
     * Computes on a new thread, waits for it however long it takes, and leaves the caller interrupted if it was
     * meanwhile.
     */
    <T> T call(Supplier<T> body) {
        FutureTask<T> task = new FutureTask<>(body::get);
        Thread thread = new Thread(task, "fl4j-run");
        thread.setDaemon(true);
        thread.start();
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
                onInterrupt.run();
            }
        }
        try {
            return task.get();
        } catch (InterruptedException e) {
            throw new IllegalStateException("a task that has ended needs no wait", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            if (e.getCause() instanceof Error failure) {
                throw failure;
            }
            throw new IllegalStateException("the run failed: " + e.getCause(), e.getCause()); // from another language
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
