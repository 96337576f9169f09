package org.fl4j.simulation;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.fl4j.client.Worker;
import org.fl4j.execution.ExecutionPolicy;
import org.fl4j.execution.TaskId;
import org.fl4j.execution.TaskRecord;
import org.fl4j.execution.internal.Task;
import org.fl4j.execution.internal.TaskExecutor;
import org.fl4j.execution.internal.TaskNotes;
import org.fl4j.internal.FlightEvents;
import org.fl4j.message.ClientId;
import org.fl4j.message.RoundContext;
import org.fl4j.monitoring.ResourceMonitor;
import org.fl4j.tensor.Parallel;
import org.fl4j.tensor.TensorEngine;

/**
 * Runs client work on the {@link Worker}s and hands the results out in the order of the clients, whoever finishes
 * first. The thread that asks for results is one of the workers' threads: while the next result is not ready it works
 * on a client itself, so that no core idles and one worker needs no second thread. Under a time-out it only waits,
 * because a time-out interrupts threads. Few results wait to be taken: memory stays O(model) per worker.
 */
final class ClientExecutor implements AutoCloseable {
    /** What training is called in records. */
    static final String TRAINING = "train";

    private static final long LOOK_MILLISECONDS = 10;

    private final List<WorkerHost> workers;
    private final BlockingQueue<WorkerHost> idle;
    private final ExecutionPolicy execution;
    private final TaskExecutor tasks;
    private final boolean lendsThread;
    private final ConcurrentLinkedQueue<TaskRecord> records = new ConcurrentLinkedQueue<>();
    private final FailurePolicy policy;
    private final Optional<ResourceMonitor> monitor;
    private final BooleanSupplier cancelled;

    /** What is done for one client, on a worker's thread. */
    @FunctionalInterface
    interface Work<T> {
        T apply(ClientId client, WorkerHost host, TaskNotes notes);
    }

    ClientExecutor(
            List<WorkerHost> workers,
            ExecutionPolicy execution,
            FailurePolicy policy,
            Optional<ResourceMonitor> monitor,
            BooleanSupplier cancelled) {
        this.workers = List.copyOf(workers);
        this.execution = execution;
        this.policy = policy;
        this.monitor = monitor;
        this.cancelled = cancelled;
        idle = new ArrayBlockingQueue<>(workers.size(), false, workers);
        lendsThread = execution.timeout().isEmpty();
        tasks = new TaskExecutor(
                lendsThread ? workers.size() - 1 : workers.size(),
                TensorEngine::prepareThread,
                execution,
                records::add);
    }

    /**
     * Starts a round's work.
     *
     * @param kind what it is called in records
     * @param needed after how many results the rest are likely not needed: those are begun only when they are asked for
     * @param free frees a result that nobody asked for
     */
    <T> Results<T> run(
            String kind, List<ClientId> clients, RoundContext round, int needed, Work<T> work, Consumer<T> free) {
        return new Results<>(kind, clients, round, needed, work, free);
    }

    /** Returns what became of the tasks that ended since it was asked last, in the order in which they ended. */
    List<TaskRecord> newRecords() {
        List<TaskRecord> ended = new ArrayList<>();
        for (TaskRecord record = records.poll(); record != null; record = records.poll()) {
            ended.add(record);
        }
        return ended;
    }

    private int mostAhead() {
        return (int) Math.min(Integer.MAX_VALUE - 1, (long) execution.aheadPerWorker() * workers.size());
    }

    private <T> T onIdleWorker(String kind, ClientId client, RoundContext round, Work<T> work, TaskNotes notes)
            throws InterruptedException {
        WorkerHost worker = idle.take();
        try {
            return watched(kind, client, round, () -> work.apply(client, worker, notes), notes);
        } finally {
            idle.add(worker);
        }
    }

    private <T> T watched(String kind, ClientId client, RoundContext round, Supplier<T> work, TaskNotes notes) {
        FlightEvents.Client event = new FlightEvents.Client(round.number(), client.index(), kind);
        try (Usage usage = new Usage(round, notes)) {
            usage.suppressNotUsedWarning();
            return Parallel.alone(work);
        } finally {
            event.commit();
        }
    }

    /** What a client's work takes of the machine, for its record. */
    private final class Usage implements AutoCloseable {
        private final Optional<ResourceMonitor.Window> window;
        private final TaskNotes notes;

        Usage(RoundContext round, TaskNotes notes) {
            window = monitor.map(looks -> looks.open(round.number()));
            this.notes = notes;
        }

        /** Does nothing; for compilers that warn of a resource that is only closed. */
        void suppressNotUsedWarning() {}

        @Override
        public void close() {
            window.ifPresent(used -> notes.add(used.close()));
        }
    }

    /** Interrupts the clients that train now, so that a cancelled run ends soon. */
    void interruptRunning() {
        tasks.interruptRunning();
    }

    /** Waits for the threads, which end with the clients they run, then frees the workers. */
    @Override
    public void close() {
        try {
            tasks.close();
        } finally {
            workers.forEach(WorkerHost::close);
        }
    }

    /**
     * The results of one round's clients, in their order. Close it: clients whose result was not asked for are given
     * up.
     */
    final class Results<T> implements CohortExecutor.Answers<T> {
        private final String kind;
        private final Iterator<ClientId> waiting;
        private final RoundContext round;
        private final Work<T> work;
        private final Consumer<T> free;
        private final Deque<Task<T>> ahead; // has room for all that it ever holds
        private final List<ClientFailure> failures = new ArrayList<>();
        private final long begunAt = System.nanoTime();
        private int needed;
        private boolean hasBegun;
        private Optional<T> next = Optional.empty();

        private Results(
                String kind, List<ClientId> clients, RoundContext round, int needed, Work<T> work, Consumer<T> free) {
            this.kind = kind;
            waiting = clients.iterator();
            ahead = new ArrayDeque<>(Math.min(clients.size(), mostAhead()) + 1);
            this.round = round;
            this.needed = needed;
            this.work = work;
            this.free = free;
        }

        @Override
        public List<ClientFailure> failures() {
            return List.copyOf(failures);
        }

        @Override
        public boolean hasNext() {
            while (next.isEmpty()) {
                leaveOutLate();
                int most = mostAhead();
                List<ClientId> fresh = new ArrayList<>();
                while (waiting.hasNext() && ahead.size() + fresh.size() < Math.min(most, Math.max(1, needed))) {
                    fresh.add(waiting.next());
                }
                submit(fresh);
                hasBegun = true;
                if (ahead.isEmpty()) {
                    return false;
                }
                next = take();
            }
            return true;
        }

        /** Clients that have not begun when the round's time is over are not trained. */
        private void leaveOutLate() {
            if (hasBegun && kind.equals(TRAINING) && execution.roundLimit().isPresent()) {
                Duration limit = execution.roundLimit().get();
                while (waiting.hasNext() && System.nanoTime() - begunAt > limit.toNanos()) {
                    failures.add(new ClientFailure(
                            waiting.next(),
                            "training of a round must take at most " + limit.toMillis()
                                    + " ms, and the client had not begun by then"));
                }
            }
        }

        /** Queues the important ones first, for a thread may be idle; their results are taken in their own order. */
        private void submit(List<ClientId> clients) {
            List<Task<T>> queued = new ArrayList<>(Collections.nCopies(clients.size(), null));
            try {
                IntStream.range(0, clients.size())
                        .boxed()
                        .sorted(Comparator.comparingInt(
                                i -> execution.priority().rank(clients.get(i))))
                        .forEach(i -> queued.set(i, submit(clients.get(i))));
            } finally { // what is queued must be waited for, even if the rest cannot be queued
                for (Task<T> task : queued) {
                    if (task != null) {
                        ahead.add(task);
                    }
                }
            }
        }

        private Task<T> submit(ClientId client) {
            return tasks.submit(
                    new TaskId(round.number(), client, kind),
                    execution.priority().rank(client),
                    notes -> onIdleWorker(kind, client, round, work, notes),
                    free);
        }

        @Override
        public T next() {
            if (!hasNext()) {
                throw new NoSuchElementException("every client of the round was taken");
            }
            T result = next.orElseThrow();
            needed--;
            next = Optional.empty();
            return result;
        }

        /** Waits for clients that have begun: they may read arrays that are freed once this round unwinds. */
        @Override
        public void close() {
            ahead.forEach(Task::cancel);
            if (cancelled.getAsBoolean()) { // also those that began since the caller was interrupted
                ahead.forEach(Task::interrupt);
            }
            Throwable unfreed = next.isPresent() ? freed(next.get(), null) : null;
            next = Optional.empty();
            while (!ahead.isEmpty()) {
                Task<T> task = ahead.remove();
                if (task.awaitEnd() == null) { // a failure is not needed any more
                    unfreed = freed(task.result(), unfreed);
                }
            }
            if (unfreed instanceof Error error) {
                throw error;
            } else if (unfreed != null) {
                throw new IllegalStateException("round " + round.number() + ": a result could not be freed", unfreed);
            }
        }

        /** Frees a result; returns the first failure to do so. */
        private Throwable freed(T result, Throwable before) {
            try {
                free.accept(result);
                return before;
            } catch (Throwable e) { // the others must be waited for, and freed
                return before == null ? e : before;
            }
        }

        private Optional<T> take() {
            Task<T> first = ahead.element();
            try {
                while (!first.isDone() && !cancelled.getAsBoolean()) {
                    if (!lendsThread || !tasks.runNext()) {
                        first.await(LOOK_MILLISECONDS); // and look again: for a task to try again, or a cancellation
                    }
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new RunCancelledException();
            }
            if (cancelled.getAsBoolean()) {
                throw new RunCancelledException();
            }
            Throwable failure = first.awaitEnd();
            ahead.remove();
            return failure == null
                    ? Optional.of(first.result())
                    : failed(first.id().client(), failure);
        }

        /** Whatever a client throws is its own failure, interrupts and errors too. */
        private Optional<T> failed(ClientId client, Throwable cause) {
            if (policy == FailurePolicy.FAIL_RUN) {
                throw new ClientFailedException(round.number(), client, cause);
            }
            failures.add(new ClientFailure(client, cause.toString()));
            return Optional.empty();
        }
    }
}
