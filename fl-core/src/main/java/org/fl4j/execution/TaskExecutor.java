package org.fl4j.execution;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.fl4j.internal.Check;

/**
 * Runs tasks on a bounded pool of threads, the most important first, and of the same rank the one that was submitted first. Submitting
 * never waits. Whoever waits for results may lend its thread ({@link #runNext}).
 */
public final class TaskExecutor implements AutoCloseable {
    private static final Comparator<Task<?>> FIRST =
            Comparator.<Task<?>>comparingInt(Task::priority).thenComparingLong(Task::number);

    private final PriorityBlockingQueue<Task<?>> queue = new PriorityBlockingQueue<>(11, FIRST);
    private final Set<Task<?>> backedOff = ConcurrentHashMap.newKeySet();
    private final List<Thread> threads = new ArrayList<>();
    private final ExecutionPolicy policy;
    private final Consumer<TaskRecord> onEnd;
    private final Optional<ScheduledExecutorService> clock;
    private final AtomicLong submitted = new AtomicLong();
    private final Instant startTime = Instant.now();
    private final long startNanos = System.nanoTime();
    private volatile boolean closed;

    /**
     * Starts the threads, daemons.
     *
     * @param threadCount how many; 0 if tasks are run by {@link #runNext} alone
     * @param atStart what each does first
     * @param policy retries and time-outs; priorities are given with each task
     * @param onEnd told of each task that ends, on the thread that ran it; if it throws, so does the task's {@code get}
     */
    public TaskExecutor(int threadCount, Runnable atStart, ExecutionPolicy policy, Consumer<TaskRecord> onEnd) {
        Check.atLeast("threadCount", 0, threadCount);
        this.policy = Check.present("policy", policy);
        this.onEnd = Check.present("onEnd", onEnd);
        boolean timed = policy.timeout().isPresent() || policy.attempts() > 1;
        clock = timed
                ? Optional.of(Executors.newSingleThreadScheduledExecutor(task -> daemon(task, "fl4j-clock")))
                : Optional.empty();
        for (int i = 1; i <= threadCount; i++) {
            int number = i;
            threads.add(daemon(() -> runAll(atStart, number), "fl4j-worker-" + i));
        }
        threads.forEach(Thread::start);
    }

    private static Thread daemon(Runnable body, String name) {
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

    private void runAll(Runnable atStart, int number) {
        atStart.run();
        while (!closed) {
            try {
                queue.take().run(number);
            } catch (InterruptedException e) {
                // the executor was closed, or a task left an interrupt behind
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
        clock.ifPresent(ScheduledExecutorService::shutdownNow);
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

    /** Returns the time of day, by a clock that never goes back. */
    Instant now() {
        return startTime.plusNanos(System.nanoTime() - startNanos);
    }

    Optional<ScheduledFuture<?>> schedule(Runnable alarm) {
        return policy.timeout()
                .flatMap(limit -> clock.map(set -> set.schedule(alarm, limit.toNanos(), TimeUnit.NANOSECONDS)));
    }

    /** Queues a task again after a wait, and releases it; returns false if the executor is closed. */
    boolean again(Task<?> task, Duration wait) {
        if (closed) {
            return false;
        }
        backedOff.add(task);
        task.release(); // from here on whoever gives it up can have it
        try {
            ScheduledFuture<?> later =
                    clock.orElseThrow().schedule(() -> requeue(task), wait.toNanos(), TimeUnit.NANOSECONDS);
            return !later.isCancelled() || task.cancel();
        } catch (RejectedExecutionException e) { // closed in between
            return task.cancel() || task.isDone();
        }
    }

    private void requeue(Task<?> task) {
        queue.add(task);
        backedOff.remove(task);
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
