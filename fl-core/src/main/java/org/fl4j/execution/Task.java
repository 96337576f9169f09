package org.fl4j.execution;

import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.fl4j.execution.TaskRecord.Outcome;

/** A task that was submitted: run once, by whichever thread comes first. */
public final class Task<T> {
    private final TaskId id;
    private final int priority;
    private final long number;
    private final TaskExecutor executor;
    private final Work<T> work;
    private final Consumer<T> free;
    private final Instant submitted;
    private final AtomicBoolean taken = new AtomicBoolean();
    private final CountDownLatch done = new CountDownLatch(1);
    private volatile boolean givenUp;
    private int attempts;
    private Optional<T> result = Optional.empty();
    private Throwable failure = new CancellationException("the task was cancelled");

    /** What a task does. */
    @FunctionalInterface
    public interface Work<T> {
        /** Returns the result, which is not null. */
        T run(Notes notes) throws Exception;
    }

    Task(TaskId id, int priority, long number, TaskExecutor executor, Work<T> work, Consumer<T> free) {
        this.id = id;
        this.priority = priority;
        this.number = number;
        this.executor = executor;
        this.work = work;
        this.free = free;
        submitted = executor.now();
    }

    /** Returns which task it is. */
    public TaskId id() {
        return id;
    }

    int priority() {
        return priority;
    }

    long number() {
        return number;
    }

    /** Returns whether it has ended, in whatever way. */
    public boolean isDone() {
        return done.getCount() == 0;
    }

    /** Takes it out of the queue; returns whether it had not begun. What has begun runs to its end, and is not tried again. */
    public boolean cancel() {
        givenUp = true;
        if (!taken.compareAndSet(false, true)) {
            return false;
        }
        executor.forget(this);
        end(executor.now(), -1, Outcome.CANCELLED, new Notes());
        return true;
    }

    /**
     * Waits for the end and returns the result.
     *
     * @throws ExecutionException with what the last attempt threw, with a {@link TaskTimedOutException}, or with a {@link
     *     CancellationException}
     */
    public T get() throws InterruptedException, ExecutionException {
        done.await();
        if (result.isPresent()) {
            return result.get();
        }
        throw new ExecutionException(failure);
    }

    /** Runs it, if nobody else has begun. */
    void run(int thread) {
        if (!taken.compareAndSet(false, true)) {
            return;
        }
        Instant started = executor.now();
        while (true) {
            attempts++;
            Notes notes = new Notes();
            Outcome outcome = attempt(notes);
            boolean again = outcome != Outcome.SUCCEEDED
                    && attempts < executor.policy().attempts()
                    && !givenUp
                    && executor.isOpen()
                    && !(failure instanceof Error)
                    && !(failure instanceof InterruptedException);
            if (!again || !waited()) {
                end(started, thread, outcome, notes);
                return;
            }
        }
    }

    /** Returns false if the wait was interrupted. */
    private boolean waited() {
        try {
            TimeUnit.NANOSECONDS.sleep(executor.policy().waitAfter(attempts).toNanos());
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private Outcome attempt(Notes notes) {
        Alarm alarm = new Alarm(Thread.currentThread());
        Optional<ScheduledFuture<?>> clock = executor.schedule(alarm);
        try {
            T made = work.run(notes);
            if (alarm.off()) {
                free.accept(made);
                return late(null);
            }
            result = Optional.of(made);
            return Outcome.SUCCEEDED;
        } catch (Throwable e) { // whatever it is, whoever waits is told
            if (alarm.off()) {
                return late(e);
            }
            failure = e;
            return Outcome.FAILED;
        } finally {
            clock.ifPresent(set -> set.cancel(false));
        }
    }

    private Outcome late(Throwable cause) {
        failure = new TaskTimedOutException(id, executor.policy().timeout().orElseThrow(), cause);
        return Outcome.TIMED_OUT;
    }

    private void end(Instant started, int thread, Outcome outcome, Notes notes) {
        try {
            executor.ended(new TaskRecord(
                    id,
                    priority,
                    thread,
                    attempts,
                    submitted,
                    started,
                    executor.now(),
                    outcome,
                    outcome == Outcome.SUCCEEDED ? Optional.empty() : Optional.of(failure.toString()),
                    notes.metrics(),
                    notes.updateSha256()));
        } finally {
            done.countDown();
        }
    }

    /** Interrupts a thread while it is at an attempt, and never after. */
    private static final class Alarm implements Runnable {
        private final Thread runner;
        private boolean over;
        private boolean rang;

        Alarm(Thread runner) {
            this.runner = runner;
        }

        @Override
        public synchronized void run() {
            if (!over) {
                rang = true;
                runner.interrupt();
            }
        }

        /** Ends the attempt; returns whether the alarm rang, and then takes back the interrupt. */
        synchronized boolean off() {
            over = true;
            if (rang) {
                Thread.interrupted();
            }
            return rang;
        }
    }
}
