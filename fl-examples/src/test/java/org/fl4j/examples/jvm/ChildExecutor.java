package org.fl4j.examples.jvm;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.fl4j.core.BlockSums;
import org.fl4j.core.SumRule;
import org.fl4j.execution.TaskId;
import org.fl4j.execution.TaskRecord;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Query;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.metrics.Metrics;
import org.fl4j.simulation.ClientFailedException;
import org.fl4j.simulation.ClientFailure;
import org.fl4j.simulation.CohortExecutor;
import org.fl4j.simulation.ExecutorParts;
import org.fl4j.simulation.FailurePolicy;
import org.fl4j.simulation.PortableProgram;
import org.fl4j.simulation.RunCancelledException;
import org.fl4j.tensor.TensorEngine;
import org.fl4j.wire.ClientTask;

/**
 * Runs clients in other processes, in blocks of positions of the plan: one process works on a block from its first to
 * its last client.
 */
public final class ChildExecutor implements CohortExecutor {
    private static final AtomicInteger SUMMED = new AtomicInteger();
    private static final int BLOCKS_AHEAD = 2; // for each process

    private final ExecutorParts parts;
    private final PortableProgram program;
    private final int blockSize;
    private final int processes;
    private final BlockingQueue<ChildProcess> idle;
    private final ExecutorService threads;
    private final NDManager updates = TensorEngine.newManager(Device.cpu());
    private int plans; // that were worked on
    private final ConcurrentLinkedQueue<TaskRecord> records = new ConcurrentLinkedQueue<>();

    /**
     * Opens a program in processes that are there.
     *
     * @throws IllegalArgumentException if its clients are not those of the run
     */
    ChildExecutor(ExecutorParts parts, PortableProgram program, List<ChildProcess> children, int blockSize) {
        this.parts = parts;
        this.program = program;
        this.blockSize = blockSize;
        processes = children.size();
        try {
            for (ChildProcess child : children) {
                child.open(program, parts, updates);
            }
        } catch (IOException e) {
            updates.close();
            throw new UncheckedIOException(e);
        } catch (RuntimeException e) {
            updates.close();
            throw e;
        }
        idle = new ArrayBlockingQueue<>(processes, false, children);
        threads = Executors.newFixedThreadPool(processes);
    }

    /** Returns how many blocks were summed in other processes since this one began. */
    public static int summedBlocks() {
        return SUMMED.get();
    }

    /** What became of a client: an answer, or a failure. */
    private record Place<T>(ClientId client, Optional<T> answer, Optional<Throwable> failure) {}

    @Override
    public Answers<ModelUpdate> train(RoundPlan plan, RoundContext round) {
        ChildProcess.Asked asked = new ChildProcess.Asked(++plans, ClientTask.Work.TRAIN, plan, round);
        if (parts.blocks()) {
            return new Stream<>(asked, plan.blocks(), (block, givenUp) -> workTogether(block, asked));
        }
        return stream(asked, (client, answer) -> (ModelUpdate) answer);
    }

    private Block<ModelUpdate> workTogether(List<ClientId> block, ChildProcess.Asked asked)
            throws InterruptedException {
        Instant submitted = Instant.now();
        ChildProcess child = idle.take();
        try {
            return new Block<>(block.size(), together(child, block, asked, submitted));
        } finally {
            idle.add(child);
        }
    }

    private List<Place<ModelUpdate>> together(
            ChildProcess child, List<ClientId> block, ChildProcess.Asked asked, Instant submitted) {
        Instant started = Instant.now();
        List<Place<ModelUpdate>> places = new ArrayList<>();
        try {
            List<Object> answers = child.workTogether(asked, block, parts, updates);
            for (int i = 0; i < block.size(); i++) {
                Object answer = answers.get(i);
                places.add(
                        answer instanceof Throwable failure
                                ? new Place<>(block.get(i), Optional.empty(), Optional.of(failure))
                                : new Place<>(block.get(i), Optional.of((ModelUpdate) answer), Optional.empty()));
            }
        } catch (IOException | RuntimeException e) {
            block.forEach(client -> places.add(new Place<>(client, Optional.empty(), Optional.of(e))));
        }
        places.forEach(place -> records.add(record(asked, submitted, started, place)));
        return places;
    }

    private <T> Answers<T> stream(ChildProcess.Asked asked, Made<T> made) {
        return new Stream<>(
                asked, blocks(asked.plan(), blockSize), (block, givenUp) -> work(block, asked, made, givenUp));
    }

    private static List<List<ClientId>> blocks(RoundPlan plan, int size) {
        List<List<ClientId>> blocks = new ArrayList<>();
        List<ClientId> cohort = plan.cohort();
        for (int from = 0; from < cohort.size(); from += size) {
            blocks.add(cohort.subList(from, Math.min(from + size, cohort.size())));
        }
        return blocks;
    }

    /** Works on a block of clients. */
    @FunctionalInterface
    private interface Work<T> {
        Block<T> on(List<ClientId> block, BooleanSupplier givenUp) throws InterruptedException;
    }

    @Override
    public Answers<ModelUpdate> ask(Query query, RoundContext round) {
        ChildProcess.Asked asked =
                new ChildProcess.Asked(++plans, ClientTask.Work.ANSWER, query.plan(), round, Optional.of(query));
        return stream(asked, (client, answer) -> (ModelUpdate) answer);
    }

    @Override
    public Answers<Measured> evaluate(RoundPlan plan, RoundContext round) {
        ChildProcess.Asked asked = new ChildProcess.Asked(++plans, ClientTask.Work.EVALUATE, plan, round);
        return stream(asked, (client, answer) -> new Measured(client, (Metrics) answer));
    }

    /** Makes the answer of a client of what its process sent. */
    @FunctionalInterface
    private interface Made<T> {
        T of(ClientId client, Object answer);
    }

    /** A block that was worked on: how many clients it has, and what became of them. */
    private record Block<T>(int clients, List<Place<T>> places) {}

    private <T> Block<T> work(List<ClientId> block, ChildProcess.Asked asked, Made<T> made, BooleanSupplier givenUp)
            throws InterruptedException {
        Instant submitted = Instant.now();
        ChildProcess child = idle.take();
        try {
            List<Place<T>> places = new ArrayList<>();
            for (ClientId client : block) {
                if (givenUp.getAsBoolean()) {
                    break;
                }
                Instant started = Instant.now();
                Place<T> place = place(child, asked, client, made);
                places.add(place);
                records.add(record(asked, submitted, started, place));
            }
            return new Block<>(block.size(), places);
        } finally {
            idle.add(child);
        }
    }

    /** Has a block train and sums its updates there: of the clients, only those that failed have a place. */
    private Block<BlockSums> sum(List<ClientId> block, ChildProcess.Asked asked, SumRule rule, BooleanSupplier givenUp)
            throws InterruptedException {
        Instant submitted = Instant.now();
        ChildProcess child = idle.take();
        try {
            child.beginSums(rule);
            List<Place<ModelUpdate>> trained = new ArrayList<>();
            for (List<ClientId> one : parts.blocks() ? asked.plan().trainable(block) : List.<List<ClientId>>of()) {
                trained.addAll(together(child, one, asked, submitted));
            }
            for (ClientId client : parts.blocks() ? List.<ClientId>of() : block) {
                if (givenUp.getAsBoolean()) {
                    break;
                }
                Instant started = Instant.now();
                Place<ModelUpdate> place = place(child, asked, client, (id, answer) -> (ModelUpdate) answer);
                records.add(record(asked, submitted, started, place));
                trained.add(place);
            }
            List<Place<BlockSums>> places = new ArrayList<>();
            trained.forEach(place -> place.failure()
                    .ifPresent(failure ->
                            places.add(new Place<>(place.client(), Optional.empty(), Optional.of(failure)))));
            SUMMED.incrementAndGet();
            child.endSums(updates)
                    .ifPresent(sums -> places.add(new Place<>(block.get(0), Optional.of(sums), Optional.empty())));
            return new Block<>(block.size(), places);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            idle.add(child);
        }
    }

    /** Sums where the program says how, but for runs whose task records need each update's hash. */
    @Override
    public Optional<Answers<BlockSums>> sum(RoundPlan plan, RoundContext round, SumRule rule) {
        if (program.aggregator().isEmpty() || parts.hashes()) {
            return Optional.empty();
        }
        ChildProcess.Asked asked = new ChildProcess.Asked(++plans, ClientTask.Work.TRAIN, plan, round);
        return Optional.of(new Stream<>(
                asked, blocks(plan, plan.blockSize()), (block, givenUp) -> sum(block, asked, rule, givenUp)));
    }

    private <T> Place<T> place(ChildProcess child, ChildProcess.Asked asked, ClientId client, Made<T> made) {
        try {
            T answer = made.of(client, child.work(asked, client, parts, updates));
            return new Place<>(client, Optional.of(answer), Optional.empty());
        } catch (IOException | RuntimeException e) {
            return new Place<>(client, Optional.empty(), Optional.of(e));
        }
    }

    private static String text(Throwable failure) {
        return failure instanceof ChildProcess.ClientException ? failure.getMessage() : failure.toString();
    }

    private <T> TaskRecord record(ChildProcess.Asked asked, Instant submitted, Instant started, Place<T> place) {
        Instant ended = Instant.now();
        Optional<ModelUpdate> update =
                place.answer().filter(ModelUpdate.class::isInstance).map(ModelUpdate.class::cast);
        return new TaskRecord(
                new TaskId(
                        asked.round().number(),
                        place.client(),
                        switch (asked.work()) {
                            case TRAIN -> "train";
                            case EVALUATE -> "evaluate";
                            case ANSWER -> "query";
                        }),
                /* priority= */ 0,
                /* thread= */ 0,
                /* attempts= */ 1,
                submitted,
                started,
                ended,
                Duration.between(started, ended),
                place.failure().isPresent() ? TaskRecord.Outcome.FAILED : TaskRecord.Outcome.SUCCEEDED,
                place.failure().map(ChildExecutor::text),
                update.map(sent -> sent.receipt().measured("privacy/")).orElse(Metrics.none()),
                update.filter(sent -> parts.hashes()).map(ModelUpdate::sha256));
    }

    @Override
    public List<TaskRecord> newRecords() {
        List<TaskRecord> ended = new ArrayList<>();
        for (TaskRecord record = records.poll(); record != null; record = records.poll()) {
            ended.add(record);
        }
        return ended;
    }

    @Override
    public void interrupt() {
        threads.shutdownNow();
    }

    @Override
    public void close() {
        threads.shutdown();
        try {
            if (!threads.awaitTermination(1, TimeUnit.MINUTES)) {
                throw new IllegalStateException("clients must have ended, but work on");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            updates.close();
        }
    }

    private final class Stream<T> implements Answers<T> {
        private final ChildProcess.Asked asked;
        private final Work<T> work;
        private final Iterator<List<ClientId>> waiting;
        private final Deque<Future<Block<T>>> ahead = new ArrayDeque<>();
        private final Deque<Place<T>> places = new ArrayDeque<>(); // of the block that is handed out
        private final List<ClientFailure> failures = new ArrayList<>();
        private volatile boolean givenUp;
        private int needed;
        private int begun; // clients of the blocks ahead

        Stream(ChildProcess.Asked asked, List<List<ClientId>> blocks, Work<T> work) {
            this.asked = asked;
            this.work = work;
            needed = asked.plan().needed();
            waiting = blocks.iterator();
        }

        @Override
        public List<ClientFailure> failures() {
            return List.copyOf(failures);
        }

        @Override
        public boolean hasNext() {
            while (true) {
                while (!places.isEmpty()) {
                    Place<T> next = places.element();
                    if (next.failure().isEmpty()) {
                        return true;
                    }
                    places.remove();
                    failed(next.client(), next.failure().get());
                }
                while (waiting.hasNext() && ahead.size() < BLOCKS_AHEAD * processes && begun < Math.max(1, needed)) {
                    List<ClientId> block = waiting.next();
                    begun += block.size();
                    ahead.add(threads.submit(() -> work.on(block, () -> givenUp)));
                }
                if (ahead.isEmpty()) {
                    return false;
                }
                Block<T> block = result(ahead.element());
                ahead.remove();
                begun -= block.clients();
                places.addAll(block.places());
            }
        }

        private void failed(ClientId client, Throwable cause) {
            if (parts.failures() == FailurePolicy.FAIL_RUN) {
                throw new ClientFailedException(asked.round().number(), client, cause);
            }
            failures.add(new ClientFailure(client, text(cause)));
        }

        /** Waits for a block, and looks whether the run is cancelled. */
        private Block<T> result(Future<Block<T>> block) {
            while (true) {
                if (parts.cancelled().getAsBoolean()) {
                    throw new RunCancelledException();
                }
                try {
                    return block.get(10, TimeUnit.MILLISECONDS);
                } catch (TimeoutException e) {
                    // look again
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new RunCancelledException();
                } catch (ExecutionException e) {
                    throw new IllegalStateException("a block must have a place for each client", e.getCause());
                }
            }
        }

        @Override
        public T next() {
            if (!hasNext()) {
                throw new NoSuchElementException("every client of the round was taken");
            }
            needed--;
            return places.remove().answer().orElseThrow();
        }

        @Override
        public void close() {
            givenUp = true;
            List<Place<T>> unwanted = new ArrayList<>(places);
            for (Future<Block<T>> block : ahead) { // those that have begun read arrays of the plan
                try {
                    unwanted.addAll(block.get().places());
                } catch (InterruptedException | ExecutionException e) {
                    throw new IllegalStateException("a block must end", e);
                }
            }
            unwanted.stream().flatMap(place -> place.answer().stream()).forEach(answer -> {
                if (answer instanceof ModelUpdate update) {
                    update.close();
                } else if (answer instanceof BlockSums sums) {
                    sums.close();
                }
            });
            places.clear();
            ahead.clear();
        }
    }
}
