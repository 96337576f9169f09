package org.fl4j.simulation;

import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.fl4j.core.BlockSums;
import org.fl4j.core.SumRule;
import org.fl4j.execution.TaskRecord;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Query;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.metrics.Metrics;

/**
 * Where the clients of a round run: on the workers of this process by default, or wherever another implementation puts
 * them. It gets plans and gives answers in the order of the cohort, so that servers fold the same numbers in the same
 * order everywhere. Called by one thread, one plan after another.
 *
 * <p>Its duties: each client gets {@link RoundPlan#task} as it is; a client that fails is a gap in the answers, and
 * told in {@link Answers#failures}, or ends the run with a {@link ClientFailedException}, as the run's {@link
 * FailurePolicy} says; what clients keep is staged in {@link ExecutorParts#states} before their answer is handed out;
 * clients are begun a bounded number ahead of the answer that is asked for, and beyond {@link RoundPlan#needed} only on
 * request.
 */
public interface CohortExecutor extends AutoCloseable {
    /** Opens an executor for a run. */
    @FunctionalInterface
    interface Factory {
        /** Opens an executor; {@code parts} is what it may know of the run. */
        CohortExecutor open(ExecutorParts parts);
    }

    /**
     * Answers of clients, in the order of the cohort. An answer's arrays are the server's to free; the one handed out
     * last is done with when the next is asked for.
     */
    interface Answers<T> extends Iterator<T>, AutoCloseable {
        /** Returns who failed so far. */
        List<ClientFailure> failures();

        /** Gives up clients whose answer was not asked for, and waits for those that have begun. */
        @Override
        void close();
    }

    /**
     * What a client measured when it evaluated.
     *
     * @param client who
     * @param metrics on its own evaluation data
     */
    record Measured(ClientId client, Metrics metrics) {}

    /** Has the cohort of a plan train. */
    Answers<ModelUpdate> train(RoundPlan plan, RoundContext round);

    /**
     * Has the cohort of a plan train, and sums their updates where they are made: one answer for each block of {@link
     * RoundPlan#blockSize} positions in which a client did not fail. Each update is held to the rules that a server
     * holds it to, {@link PortableProgram.Opened#sum}.
     *
     * @return nothing if this executor hands out updates one by one, which is the default
     */
    default Optional<Answers<BlockSums>> sum(RoundPlan plan, RoundContext round, SumRule rule) {
        return Optional.empty();
    }

    /** Has the cohort of a query's plan answer it. */
    Answers<ModelUpdate> ask(Query query, RoundContext round);

    /** Has the cohort of a plan evaluate. */
    Answers<Measured> evaluate(RoundPlan plan, RoundContext round);

    /** Returns what became of the tasks that ended since it was asked last, in the order in which they ended. */
    List<TaskRecord> newRecords();

    /** Interrupts the clients that train now, so that a cancelled run ends soon; called by any thread. */
    void interrupt();

    /** Waits for clients that have begun, and frees what the executor has opened. */
    @Override
    void close();
}
