package org.fl4j.core;

import java.util.List;
import java.util.Optional;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Query;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.ServerState;
import org.fl4j.message.ServerUpdate;
import org.fl4j.metrics.Metrics;

/**
 * The server as pure functions: the same arguments give the same results, and nothing is remembered but what is in the
 * state and in the round's plan. A server may be thrown away after any call and another one made in its place. Called
 * by one thread.
 */
public interface Server {
    /** Returns the state before the first round. */
    ServerState initialState();

    /**
     * Decides what clients are asked before a round is planned; by default nothing. On a simulated clock a query takes
     * no time.
     *
     * @param available the clients that may be asked
     */
    default Optional<Query> query(ServerState state, ClientDirectory available, RoundContext round) {
        return Optional.empty();
    }

    /**
     * Folds the answers to a query into the state that the round is planned and computed from. They arrive in the order
     * of the query's cohort and are pulled one at a time; each is freed when the next one is asked for.
     *
     * @param query what {@link #query} returned for this state and round
     * @return the state after the same round as before
     */
    default ServerState answered(ServerState state, Query query, Iterable<ModelUpdate> answers, RoundContext round) {
        throw new IllegalStateException("server that asks clients must fold their answers, but does not");
    }

    /**
     * Decides what happens in a round: who takes part and what each of them is sent.
     *
     * @param available the clients that may be chosen
     */
    RoundPlan plan(ServerState state, ClientDirectory available, RoundContext round);

    /**
     * Folds the cohort's updates into the next state. They arrive in cohort order and are pulled one at a time; each is
     * freed when the next one is asked for.
     *
     * @param plan what {@link #plan} returned for this state and round
     */
    ServerUpdate update(ServerState state, RoundPlan plan, UpdateStream updates, RoundContext round);

    /** Decides what clients are sent that evaluate a state's model: the plan's cohort are these clients. */
    RoundPlan evaluation(ServerState state, List<ClientId> clients, RoundContext round);

    /** Evaluates the state's model on the server's own test data; none if it has no such data. */
    Metrics evaluate(ServerState state, RoundContext round);
}
