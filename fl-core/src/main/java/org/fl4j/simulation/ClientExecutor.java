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
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.fl4j.client.Worker;
import org.fl4j.core.ClientId;
import org.fl4j.core.RoundContext;
import org.fl4j.tensor.TensorEngine;

/**
 * Runs client work on a fixed pool, one thread a {@link Worker}, and hands the results out in the order of the clients,
 * whoever finishes first. At most two results a worker wait to be taken, so that memory stays O(model) per worker.
 */
final class ClientExecutor implements AutoCloseable {
    private static final int AHEAD_PER_WORKER = 2;

    private final List<Worker> workers;
    private final BlockingQueue<Worker> idle;
    private final ExecutorService pool;
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
        pool = Executors.newFixedThreadPool(workers.size(), task -> {
            Thread thread = new Thread(task, "fl4j-worker-" + number.getAndIncrement());
            thread.setDaemon(true);
            return thread;
        });
    }

    <T> Results<T> run(List<ClientId> clients, RoundContext round, Work<T> work) {
        return new Results<>(clients, round, work);
    }

    private <T> T onIdleWorker(ClientId client, Work<T> work) throws InterruptedException {
        Worker worker = idle.take();
        try {
            TensorEngine.prepareThread();
            return work.apply(client, worker);
        } finally {
            idle.add(worker);
        }
    }

    /** Waits for running clients, then frees the workers. */
    @Override
    public void close() {
        pool.shutdownNow();
        boolean interrupted = false;
        while (!pool.isTerminated()) {
            try {
                pool.awaitTermination(1, TimeUnit.MINUTES);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        workers.forEach(Worker::close);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** The results of one round's clients, in their order. */
    final class Results<T> implements Iterator<T> {
        private final Iterator<ClientId> waiting;
        private final RoundContext round;
        private final Work<T> work;
        private final Deque<Running<T>> running = new ArrayDeque<>();
        private final List<ClientFailure> failures = new ArrayList<>();
        private Optional<T> next = Optional.empty();

        private Results(List<ClientId> clients, RoundContext round, Work<T> work) {
            waiting = clients.iterator();
            this.round = round;
            this.work = work;
        }

        /** Returns who failed so far, under a policy that goes on. */
        List<ClientFailure> failures() {
            return List.copyOf(failures);
        }

        @Override
        public boolean hasNext() {
            while (next.isEmpty()) {
                while (waiting.hasNext() && running.size() < AHEAD_PER_WORKER * workers.size()) {
                    ClientId client = waiting.next();
                    running.add(new Running<>(client, pool.submit(() -> onIdleWorker(client, work))));
                }
                Running<T> first = running.poll();
                if (first == null) {
                    return false;
                }
                next = take(first);
            }
            return true;
        }

        @Override
        public T next() {
            if (!hasNext()) {
                throw new NoSuchElementException("every client of the round was taken");
            }
            T result = next.orElseThrow();
            next = Optional.empty();
            return result;
        }

        private Optional<T> take(Running<T> first) {
            if (cancelled.getAsBoolean()) {
                throw new RunCancelledException();
            }
            try {
                return Optional.of(first.future().get());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new RunCancelledException();
            } catch (ExecutionException e) {
                if (cancelled.getAsBoolean()) {
                    throw new RunCancelledException();
                }
                if (policy == FailurePolicy.FAIL_RUN || e.getCause() instanceof Error) {
                    throw new ClientFailedException(round.number(), first.client(), e.getCause());
                }
                failures.add(new ClientFailure(first.client(), e.getCause().toString()));
                return Optional.empty();
            }
        }
    }

    private record Running<T>(ClientId client, Future<T> future) {}
}
