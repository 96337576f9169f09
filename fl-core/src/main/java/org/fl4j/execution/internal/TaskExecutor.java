package org.fl4j.execution.internal;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import org.fl4j.execution.ExecutionPolicy;
import org.fl4j.execution.TaskId;
import org.fl4j.execution.TaskRecord;
import org.fl4j.internal.Check;

/**
 * Runs tasks on a bounded pool of threads, the most important first, and of the same rank the one that was submitted
 * first. Submitting never waits. Whoever waits for results may lend its thread ({@link #runNext}).
 */
public final class TaskExecutor implements AutoCloseable {
    private static final Comparator<Task<?>> FIRST =
            Comparator.<Task<?>>comparingInt(Task::priority).thenComparingLong(Task::number);

    private final PriorityBlockingQueue<Task<?>> queue = new PriorityBlockingQueue<>(11, FIRST);
    private final Set<Task<?>> backedOff = ConcurrentHashMap.newKeySet();
    private final AtomicReferenceArray<Task<?>> running; // by number of the thread
    private final List<Thread> threads = new ArrayList<>();
    private final ExecutionPolicy policy;
    private final Consumer<TaskRecord> onEnd;
    private final TaskTimer timer;
    private final AtomicLong submitted = new AtomicLong();
    private volatile boolean closed;

    /**
     * Starts the threads, daemons.
     *
     * @param threadCount how many; 0 if tasks are run by {@link #runNext} alone
     * @param atStart what each does first; if it throws, so does every task that the thread comes to
     * @param policy retries and time-outs; priorities are given with each task
     * @param onEnd told of each task that ends, on the thread that ran it; if it throws, so does the task's {@code get}
     */
    public TaskExecutor(int threadCount, Runnable atStart, ExecutionPolicy policy, Consumer<TaskRecord> onEnd) {
        this(
                threadCount,
                atStart,
                policy,
                onEnd,
                TaskTimer.ofMachine(policy.timeout().isPresent() || policy.attempts() > 1));
    }

    /** Takes the time from a timer, which this closes. */
    TaskExecutor(
            int threadCount, Runnable atStart, ExecutionPolicy policy, Consumer<TaskRecord> onEnd, TaskTimer timer) {
        running = new AtomicReferenceArray<>(Check.atLeast("threadCount", 0, threadCount) + 1);
        this.policy = Check.present("policy", policy);
        this.onEnd = Check.present("onEnd", onEnd);
        this.timer = Check.present("timer", timer);
        try {
            for (int i = 1; i <= threadCount; i++) {
                int number = i;
                Thread thread = daemon(() -> runAll(atStart, number), "fl4j-worker-" + i);
                thread.start();
                threads.add(thread);
            }
        } catch (Throwable e) { // the system may have no thread left
            close();
            throw e;
        }
    }

    static Thread daemon(Runnable body, String name) {
        Thread thread = new Thread(body, name);
        thread.setDaemon(true);
        return thread;
    }

    /**
     * Queues a task.
     *
     * @param id which
     * @param priority its rank, at least 0; 0 is the most important
     * @param work run on one of the threads, once for each attempt
     * @param free frees a result that came too late
     */
    public <T> Task<T> submit(TaskId id, int priority, Task.Work<T> work, Consumer<T> free) {
        if (priority < 0) { // no text but for the failure
            Check.atLeast("priority of " + id, 0, priority);
        }
        Check.that(!closed, "executor", "open", "closed");
        Task<T> task = new Task<>(id, priority, submitted.getAndIncrement(), this, work, free);
        queue.add(task);
        if (closed) {
            task.cancel(); // it was closed in between, and nobody takes from the queue any more
        }
        return task;
    }

    /** Makes an attempt at the first task that waits, on this thread; returns whether there was one. */
    public boolean runNext() {
        Task<?> next = queue.poll();
        if (next == null) {
            return false;
        }
        next.run(0);
        return true;
    }

    /** Notes which task a thread is at; null for none. */
    void begins(Task<?> task, int thread) {
        running.set(thread, task);
    }

    private void runAll(Runnable atStart, int number) {
        Throwable unfit = failureOf(atStart);
        while (!closed) {
            try {
                Task<?> task = queue.take();
                if (unfit == null) {
                    task.run(number);
                } else {
                    task.fail(unfit);
                }
            } catch (InterruptedException e) {
                // the executor was closed
            } catch (OutOfMemoryError e) {
                // this thread has no task now, and must live for those to come
            }
        }
    }

    /** Returns what an action throws, or null. */
    private static Throwable failureOf(Runnable action) {
        try {
            action.run();
            return null;
        } catch (Throwable e) { // each task that comes to the thread fails with it
            return e;
        }
    }

    /** Interrupts the attempts that run now, on whichever thread; they are the last of their tasks. */
    public void interruptRunning() {
        for (int thread = 0; thread < running.length(); thread++) {
            Task<?> task = running.get(thread);
            if (task != null) {
                task.interrupt();
            }
        }
    }

    /** Cancels the tasks that wait, interrupts those that run, and waits for the threads. */
    @Override
    public void close() {
        closed = true;
        for (Task<?> task = queue.poll(); task != null; task = queue.poll()) {
            task.cancel();
        }
        threads.forEach(Thread::interrupt);
        boolean interrupted = false;
        for (Thread thread : threads) {
            interrupted |= join(thread);
        }
        timer.close();
        backedOff.forEach(Task::cancel);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Returns whether the wait was interrupted. */
    private static boolean join(Thread thread) {
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                return interrupted;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
    }

    ExecutionPolicy policy() {
        return policy;
    }

    Instant now() {
        return timer.now();
    }

    boolean isTimed() {
        return policy.timeout().isPresent();
    }

    /** Calls back if an attempt that begins now takes too long; returns what calls it off. */
    Runnable timeOut(Runnable alarm) {
        return timer.after(policy.timeout().orElseThrow(), alarm);
    }

    /** Queues a task again after a wait, and releases it; returns false if the executor is closed. */
    boolean again(Task<?> task, Duration wait) {
        if (closed) {
            return false;
        }
        backedOff.add(task);
        task.release(); // from here on whoever gives it up can have it
        try {
            timer.after(wait, () -> requeue(task));
            return true;
        } catch (RejectedExecutionException | OutOfMemoryError e) { // closed in between
            return task.cancel() || task.isDone();
        }
    }

    private void requeue(Task<?> task) {
        try {
            queue.add(task);
            backedOff.remove(task);
        } catch (Throwable e) { // with a full heap; whoever waits must wake
            task.fail(e);
        }
        if (closed) {
            task.cancel();
        }
    }

    void forget(Task<?> task) {
        queue.remove(task);
        backedOff.remove(task);
    }

    void ended(TaskRecord record) {
        onEnd.accept(record);
    }
}
