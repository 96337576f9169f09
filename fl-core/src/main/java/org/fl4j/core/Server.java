package org.fl4j.core;

import java.util.List;
import org.fl4j.metrics.Metrics;

/**
 * The server as pure functions of its state: the same arguments give the same results, and nothing is remembered but
 * what is in the state. Called by one thread, except {@link #broadcast}, which workers call side by side.
 */
public interface Server {
    /** Returns the state before the first round. */
    ServerState initialState();

    /** Chooses the cohort of a round. */
    List<ClientId> select(ServerState state, ClientDirectory available, RoundContext round);

    /** Makes the message for one client of the cohort: the same model for all, or one for each. */
    TrainingTask broadcast(ServerState state, ClientId client, RoundContext round);

    /**
     * Folds the cohort's updates, which arrive in cohort order and are pulled one at a time, into the next state.
     * Updates are freed as they are folded.
     */
    ServerUpdate update(ServerState state, Iterable<ModelUpdate> updates, RoundContext round);

    /** Evaluates the state's model on the server's own test data; none if it has no such data. */
    Metrics evaluate(ServerState state, RoundContext round);
}
