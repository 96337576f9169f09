package org.fl4j.simulation;

import java.util.List;
import org.fl4j.execution.TaskRecord;
import org.fl4j.message.ServerState;

/**
 * Watches a run and never changes it. Called on one thread of the run, which is not the caller's. An exception ends the
 * run, because a record that cannot be written is a failure; the round is saved, and a resumed run tells its listeners
 * of it again.
 */
public interface RunListener {
    /**
     * Called before the first round.
     *
     * @param completedRounds 0, or how many rounds a resumed run has behind it; what a listener recorded of later
     *     rounds will be run again
     * @param totalRounds the number of the last round
     */
    default void runStarted(int completedRounds, int totalRounds) {}

    /**
     * Called before {@link #roundEnded} with what became of the round's tasks, in the order in which they ended; of a
     * round that fails too.
     */
    default void tasksEnded(List<TaskRecord> tasks) {}

    /** Called after each round; the state's arrays are valid until this returns. */
    default void roundEnded(RoundReport report, ServerState state) {}

    /** Called after the last round, however the run ended, unless by an exception. */
    default void runEnded(RunResult result) {}
}
