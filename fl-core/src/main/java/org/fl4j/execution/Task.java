package org.fl4j.execution;

import java.time.Duration;
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

/** A task that was submitted. Each attempt is run by whichever thread comes first; between attempts it is in nobody's way. */
public final class Task<T> {
    private final TaskId id;
    private final int priority;
    private final long number;
    private final TaskExecutor executor;
    private final Work<T> work;
    private final Consumer<T> free;
    private final Instant submitted;
    private final AtomicBoolean taken = new AtomicBoolean(); // by a thread that runs, cancels or has ended it
    private final CountDownLatch done = new CountDownLatch(1);
    private volatile boolean givenUp;

    // What follows belongs to the thread that has taken the task.
    private int attempts;
    private int lastThread = -1;
    private Optional<Instant> started = Optional.empty();
    private Duration busy = Duration.ZERO;
    private Notes notes = new Notes();
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

    /** Waits some milliseconds for the end, and returns whether it came. */
    public boolean await(long milliseconds) throws InterruptedException {
        return done.await(milliseconds, TimeUnit.MILLISECONDS);
    }

    /** Takes it out of the queue; returns whether that was in time. An attempt that has begun runs to its end, and is the last. */
    public boolean cancel() {
        givenUp = true;
        if (!taken.compareAndSet(false, true)) {
            return false;
        }
        executor.forget(this);
        end(Outcome.CANCELLED);
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

    /** Makes an attempt, if nobody else has the task. */
    void run(int thread) {
        if (!taken.compareAndSet(false, true)) {
            return;
        }
        Instant begin = executor.now();
        started = started.or(() -> Optional.of(begin));
        lastThread = thread;
        attempts++;
        notes = new Notes();
        Outcome outcome = attempt();
        busy = busy.plus(Duration.between(begin, executor.now()));
        boolean again = outcome != Outcome.SUCCEEDED
                && attempts < executor.policy().attempts()
                && !(failure instanceof Error)
                && !(failure instanceof InterruptedException);
        if (!again || givenUp || !executor.again(this, executor.policy().waitAfter(attempts))) {
            end(outcome);
        }
    }

    /** Gives it back, for another attempt. */
    void release() {
        taken.set(false);
        if (givenUp) {
            cancel(); // whoever gave it up found it taken
        }
    }

    private Outcome attempt() {
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
            if (alarm.off() && !(e instanceof Error)) {
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

    private void end(Outcome outcome) {
        Instant now = executor.now();
        try {
            executor.ended(new TaskRecord(
                    id,
                    priority,
                    lastThread,
                    attempts,
                    submitted,
                    started.orElse(now),
                    now,
                    busy,
                    outcome,
                    outcome == Outcome.SUCCEEDED ? Optional.empty() : Optional.of(failure.toString()),
                    notes.metrics(),
                    notes.updateSha256()));
        } catch (RuntimeException e) { // whoever waits is told
            result.ifPresent(free);
            result = Optional.empty();
            failure = e;
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
