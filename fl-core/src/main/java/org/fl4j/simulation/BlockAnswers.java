package org.fl4j.simulation;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.function.Consumer;
import org.fl4j.message.ClientId;
import org.fl4j.message.RoundContext;

/** Hands out the answers of blocks one by one, in the order of the cohort. */
final class BlockAnswers<T> implements CohortExecutor.Answers<T> {
    private final CohortExecutor.Answers<List<Place<T>>> blocks;
    private final RoundContext round;
    private final FailurePolicy policy;
    private final Consumer<T> free;
    private final Deque<Place<T>> waiting = new ArrayDeque<>(); // of the block that is handed out
    private final List<ClientFailure> failures = new ArrayList<>();

    /**
     * What became of a client.
     *
     * @param client who
     * @param answer what came; none if it failed
     * @param failure why it failed; none if it did not
     */
    record Place<T>(ClientId client, Optional<T> answer, Optional<Throwable> failure) {}

    /**
     * Hands out answers.
     *
     * @param blocks the places of one block after another
     * @param round which round
     * @param policy what a client that fails does to the run
     * @param free frees an answer that nobody asked for
     */
    BlockAnswers(
            CohortExecutor.Answers<List<Place<T>>> blocks, RoundContext round, FailurePolicy policy, Consumer<T> free) {
        this.blocks = blocks;
        this.round = round;
        this.policy = policy;
        this.free = free;
    }

    @Override
    public boolean hasNext() {
        while (true) {
            while (!waiting.isEmpty() && waiting.element().failure().isPresent()) {
                Place<T> failed = waiting.remove();
                fail(failed.client(), failed.failure().get());
            }
            if (!waiting.isEmpty()) {
                return true;
            }
            if (!blocks.hasNext()) {
                return false;
            }
            waiting.addAll(blocks.next());
        }
    }

    private void fail(ClientId client, Throwable cause) {
        if (policy == FailurePolicy.FAIL_RUN) {
            throw new ClientFailedException(round.number(), client, cause);
        }
        failures.add(new ClientFailure(client, cause.toString()));
    }

    @Override
    public T next() {
        if (!hasNext()) {
            throw new NoSuchElementException("every client of the round was taken");
        }
        return waiting.remove().answer().orElseThrow();
    }

    @Override
    public List<ClientFailure> failures() {
        List<ClientFailure> all = new ArrayList<>(failures);
        all.addAll(blocks.failures());
        return List.copyOf(all);
    }

    /** Frees what was not asked for, and gives up the blocks that were not begun. */
    @Override
    public void close() {
        try {
            while (!waiting.isEmpty()) {
                waiting.remove().answer().ifPresent(free);
            }
        } finally {
            blocks.close();
        }
    }
}
