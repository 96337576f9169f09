package org.fl4j.simulation;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.fl4j.client.Worker;
import org.fl4j.core.ClientId;
import org.fl4j.core.RoundContext;
import org.fl4j.tensor.TensorEngine;

/**
 * Runs client work on the {@link Worker}s and hands the results out in the order of the clients, whoever finishes first.
 * The thread that asks for results is one of the workers' threads: while the next result is not ready it works on a client
 * itself, so that no core idles and one worker needs no second thread. At most two results a worker wait to be taken:
 * memory stays O(model) per worker.
 */
final class ClientExecutor implements AutoCloseable {
    private static final int AHEAD_PER_WORKER = 2;

    private final List<Worker> workers;
    private final BlockingQueue<Worker> idle;
    private final ThreadPoolExecutor pool;
    private final List<Thread> threads = new CopyOnWriteArrayList<>();
    private final FailurePolicy policy;
    private final BooleanSupplier cancelled;

    /** What is done for one client, on a worker's thread. */
    @FunctionalInterface
    interface Work<T> {
        T apply(ClientId client, Worker worker);
    }

    ClientExecutor(List<Worker> workers, FailurePolicy policy, BooleanSupplier cancelled) {
        this.workers = List.copyOf(workers);
        this.policy = policy;
        this.cancelled = cancelled;
        idle = new ArrayBlockingQueue<>(workers.size(), false, workers);
        AtomicInteger number = new AtomicInteger();
        int poolSize = workers.size() - 1; // and the caller
        pool = new ThreadPoolExecutor(
                poolSize, Math.max(1, poolSize), 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                    Thread thread = new Thread(
                            () -> {
                                TensorEngine.prepareThread();
                                task.run();
                            },
                            "fl4j-worker-" + number.getAndIncrement());
                    thread.setDaemon(true);
                    threads.add(thread);
                    return thread;
                });
    }

    /**
     * Starts a round's work.
     *
     * @param wanted after how many results the rest are likely not wanted: those are begun only when they are asked for
     * @param free frees a result that nobody asked for
     */
    <T> Results<T> run(List<ClientId> clients, RoundContext round, int wanted, Work<T> work, Consumer<T> free) {
        return new Results<>(clients, round, wanted, work, free);
    }

    private <T> T onIdleWorker(ClientId client, Work<T> work) throws InterruptedException {
        Worker worker = idle.take();
        try {
            return work.apply(client, worker);
        } finally {
            idle.add(worker);
        }
    }

    /** Waits for the threads, which end with the clients they run, then frees the workers. */
    @Override
    public void close() {
        pool.shutdownNow();
        boolean interrupted = false;
        for (Thread thread : threads) {
            interrupted |= join(thread);
        }
        workers.forEach(Worker::close);
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

    /** The work for one client, run once by whichever thread comes first. */
    private final class Task<T> extends FutureTask<T> {
        private final ClientId client;

        Task(ClientId client, Work<T> work) {
            super(() -> onIdleWorker(client, work));
            this.client = client;
        }
    }

    /** The results of one round's clients, in their order. Close it: clients whose result was not asked for are given up. */
    final class Results<T> implements Iterator<T>, AutoCloseable {
        private final Iterator<ClientId> waiting;
        private final RoundContext round;
        private final Work<T> work;
        private final Consumer<T> free;
        private final Deque<Task<T>> ahead = new ArrayDeque<>();
        private final List<ClientFailure> failures = new ArrayList<>();
        private int wanted;
        private Optional<T> next = Optional.empty();
        private volatile boolean abandoned;

        private Results(List<ClientId> clients, RoundContext round, int wanted, Work<T> work, Consumer<T> free) {
            waiting = clients.iterator();
            this.round = round;
            this.wanted = wanted;
            this.work = work;
            this.free = free;
        }

        /** Returns who failed so far, under a policy that goes on. */
        List<ClientFailure> failures() {
            return List.copyOf(failures);
        }

        @Override
        public boolean hasNext() {
            while (next.isEmpty()) {
                int limit = Math.min(AHEAD_PER_WORKER * workers.size(), Math.max(1, wanted));
                while (waiting.hasNext() && ahead.size() < limit) {
                    Task<T> task = new Task<>(waiting.next(), this::unlessAbandoned);
                    ahead.add(task);
                    if (workers.size() > 1) {
                        pool.execute(task);
                    }
                }
                if (ahead.isEmpty()) {
                    return false;
                }
                next = take();
            }
            return true;
        }

        @Override
        public T next() {
            if (!hasNext()) {
                throw new NoSuchElementException("every client of the round was taken");
            }
            T result = next.orElseThrow();
            wanted--;
            next = Optional.empty();
            return result;
        }

        private T unlessAbandoned(ClientId client, Worker worker) {
            if (abandoned) {
                throw new RunCancelledException();
            }
            return work.apply(client, worker);
        }

        /** Waits for clients that have begun: they may read arrays that are freed once this round unwinds. */
        @Override
        public void close() {
            abandoned = true;
            boolean interrupted = Thread.interrupted();
            for (Task<T> task : ahead) {
                interrupted |= finish(task);
            }
            ahead.clear();
            next.ifPresent(free);
            next = Optional.empty();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }

        /** Returns whether the wait was interrupted. */
        private boolean finish(Task<T> task) {
            task.run(); // ends at once if nobody has begun it
            boolean interrupted = false;
            while (true) {
                try {
                    free.accept(task.get());
                    return interrupted;
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    return interrupted; // its result is not wanted, nor its failure
                }
            }
        }

        private Optional<T> take() {
            Iterator<Task<T>> helped = ahead.iterator();
            Task<T> first = ahead.element();
            while (!first.isDone() && helped.hasNext() && !cancelled.getAsBoolean()) {
                helped.next().run(); // does nothing if another thread has begun it
            }
            if (cancelled.getAsBoolean()) {
                throw new RunCancelledException();
            }
            ahead.remove();
            try {
                return Optional.of(first.get());
            } catch (InterruptedException e) {
                ahead.addFirst(first);
                Thread.currentThread().interrupt();
                throw new RunCancelledException();
            } catch (ExecutionException e) {
                return failed(first.client, e.getCause());
            }
        }

        private Optional<T> failed(ClientId client, Throwable cause) {
            if (cause instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
            if (cancelled.getAsBoolean() || cause instanceof InterruptedException) {
                throw new RunCancelledException();
            }
            if (policy == FailurePolicy.FAIL_RUN || cause instanceof Error) {
                throw new ClientFailedException(round.number(), client, cause);
            }
            failures.add(new ClientFailure(client, cause.toString()));
            return Optional.empty();
        }
    }
}
