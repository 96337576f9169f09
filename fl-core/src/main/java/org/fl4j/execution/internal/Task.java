package org.fl4j.execution.internal;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.fl4j.execution.TaskId;
import org.fl4j.execution.TaskRecord;
import org.fl4j.execution.TaskRecord.Outcome;
import org.fl4j.execution.TaskTimedOutException;
import org.fl4j.internal.Check;

/**
 * A task that was submitted. Each attempt is run by whichever thread comes first; between attempts it is in nobody's
 * way.
 */
public final class Task<T> {
    // Why an alarm rang; numbers, since an enum might be loaded when the heap is full.
    private static final int SILENT = 0;
    private static final int TIMED_OUT = 1;
    private static final int CANCELLED = 2;

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
    private volatile boolean interrupted;
    private volatile Alarm alarm; // of the attempt that runs, if one does

    // What follows belongs to the thread that has taken the task.
    private int attempts;
    private int lastThread = -1;
    private Optional<Instant> started = Optional.empty();
    private Duration busy = Duration.ZERO;
    private TaskNotes notes = new TaskNotes();
    private volatile T result; // null while there is none
    private Throwable failure; // null while there is none

    /** What a task does. */
    @FunctionalInterface
    public interface Work<T> {
        /** Returns the result, which is not null. */
        T run(TaskNotes notes) throws Exception;
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

    /**
     * Takes it out of the queue; returns whether that was in time. An attempt that has begun runs to its end, and is
     * the last.
     */
    public boolean cancel() {
        givenUp = true;
        if (!taken.compareAndSet(false, true)) {
            return false;
        }
        try {
            executor.forget(this);
            end(Outcome.CANCELLED);
        } catch (Throwable e) { // with a full heap any line may throw
            breakOff(e);
        }
        return true;
    }

    /**
     * Waits for the end and returns the result.
     *
     * @throws ExecutionException with what the last attempt threw, with a {@link TaskTimedOutException}, or with a
     *     {@link CancellationException}
     */
    public T get() throws InterruptedException, ExecutionException {
        done.await();
        if (result != null) {
            return result;
        }
        throw new ExecutionException(failure);
    }

    /**
     * Waits for the end, however long it takes; an interrupt of the caller stays noted. Returns the failure, or null if
     * there is a result.
     */
    public Throwable awaitEnd() {
        boolean interrupted = false;
        while (true) {
            try {
                done.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return result == null ? failure : null;
    }

    /** Returns the result of a task that has one; see {@link #awaitEnd}. */
    public T result() {
        return Check.present("result", result);
    }

    /** Interrupts the attempt that runs or is about to. Its result is thrown away and it is the last. */
    public void interrupt() {
        givenUp = true;
        interrupted = true;
        Alarm running = alarm;
        if (running != null) {
            running.ring(CANCELLED);
        }
    }

    /** Makes an attempt, if nobody else has the task. Never throws. */
    void run(int thread) {
        if (!taken.compareAndSet(false, true)) {
            return;
        }
        executor.begins(this, thread);
        try {
            Outcome outcome = timedAttempt(thread);
            if (!isTriedAgain(outcome)) {
                end(outcome);
            }
        } catch (Throwable e) { // of this bookkeeping itself: with a full heap any line may throw
            breakOff(e);
        } finally {
            executor.begins(null, thread);
        }
    }

    /** Fails it without an attempt, if nobody else has the task. */
    void fail(Throwable cause) {
        if (taken.compareAndSet(false, true)) {
            failure = cause;
            try {
                end(Outcome.FAILED);
            } catch (Throwable e) { // with a full heap any line may throw
                breakOff(e);
            }
        }
    }

    private Outcome timedAttempt(int thread) {
        Instant begin = executor.now();
        started = started.or(() -> Optional.of(begin));
        lastThread = thread;
        attempts++;
        notes = new TaskNotes();
        Outcome outcome = attempt();
        busy = busy.plus(Duration.between(begin, executor.now()));
        return outcome;
    }

    private boolean isTriedAgain(Outcome outcome) {
        return outcome != Outcome.SUCCEEDED
                && attempts < executor.policy().attempts()
                && !(failure instanceof Error)
                && !givenUp
                && executor.again(this, executor.policy().waitAfter(attempts));
    }

    /** Ends it without a record. Allocates nothing, so that it works with a full heap: whoever waits must wake. */
    private void breakOff(Throwable cause) {
        if (done.getCount() > 0) {
            T made = result;
            result = null;
            failure = cause;
            try {
                if (made != null) {
                    free.accept(made);
                }
            } catch (Throwable second) { // the first failure says more
                failure = cause;
            } finally {
                done.countDown();
            }
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
        Alarm own = new Alarm(Thread.currentThread());
        Runnable callOff = executor.isTimed() ? executor.timeOut(() -> own.ring(TIMED_OUT)) : null;
        alarm = own;
        if (interrupted) {
            own.ring(CANCELLED);
        }
        try {
            T made = Objects.requireNonNull(work.run(notes), "the result of a task must not be null");
            int rang = own.off();
            if (rang != SILENT || Thread.interrupted()) {
                free.accept(made);
                return rang == SILENT ? leftInterrupted() : brokenOff(rang, null);
            }
            result = made;
            return Outcome.SUCCEEDED;
        } catch (Throwable e) { // whatever it is, whoever waits learns of it
            int rang = own.off();
            Thread.interrupted(); // a mark that the work left behind is not the next task's
            if (rang != SILENT && !(e instanceof Error)) {
                return brokenOff(rang, e);
            }
            failure = e;
            return Outcome.FAILED;
        } finally {
            alarm = null;
            if (callOff != null) {
                callOff.run();
            }
        }
    }

    /** Nobody but the work itself can have interrupted the thread. */
    private Outcome leftInterrupted() {
        failure = new IllegalStateException("the thread of " + id + " must not be left interrupted, but was");
        return Outcome.FAILED;
    }

    private Outcome brokenOff(int rang, Throwable cause) {
        if (rang == TIMED_OUT) {
            return late(cause);
        }
        failure = new CancellationException("the task was interrupted, since the run was cancelled");
        return Outcome.CANCELLED;
    }

    private Outcome late(Throwable cause) {
        failure = new TaskTimedOutException(id, executor.policy().timeout().orElseThrow(), cause);
        return Outcome.TIMED_OUT;
    }

    private void end(Outcome outcome) {
        if (outcome != Outcome.SUCCEEDED && failure == null) {
            failure = new CancellationException("the task was cancelled");
        }
        Instant now = executor.now();
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
        done.countDown();
    }

    /** Interrupts a thread while it is at an attempt, and never after. */
    private static final class Alarm {
        private final Thread runner;
        private boolean over;
        private int rang = SILENT;

        Alarm(Thread runner) {
            this.runner = runner;
        }

        /** Interrupts the thread, for the first reason that is given. */
        synchronized void ring(int reason) {
            if (!over && rang == SILENT) {
                rang = reason;
                runner.interrupt();
            }
        }

        /** Ends the attempt; returns why the alarm rang, if it did, and then takes back the interrupt. */
        synchronized int off() {
            over = true;
            if (rang != SILENT) {
                Thread.interrupted();
            }
            return rang;
        }
    }
}
