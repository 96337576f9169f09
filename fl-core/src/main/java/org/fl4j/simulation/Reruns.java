package org.fl4j.simulation;

import java.util.List;
import java.util.Optional;
import org.fl4j.core.Server;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.ServerState;

/**
 * Runs single clients of a round, of which nothing is kept: again, to compare their updates, or before the run, to see
 * whether they can train.
 *
 * @param server plans the round
 * @param starts begins it
 * @param queries asks clients what the server wants to know before
 * @param executor runs the client
 */
record Reruns(Server server, RoundStarts starts, Queries queries, CohortExecutor executor) {
    /** Runs one client of the round after a state once more, and returns the hash of its update. */
    String replay(ServerState state, ClientId client) {
        RoundContext round = starts.after(state);
        RoundPlan plan = server.plan(queries.before(state, round).state(), starts.clients(), round);
        Check.that(
                plan.cohort().contains(client),
                "client",
                "one who trained in round " + round.number() + ", " + plan.cohort(),
                client);
        List<ClientId> block = plan.blocks().stream()
                .filter(clients -> clients.contains(client))
                .findFirst()
                .orElseThrow();
        return train(plan.withCohort(block), client, round);
    }

    /** Runs the first client of the round after a state, if it has any, and returns it. */
    Optional<ClientId> rehearse(ServerState state) {
        RoundContext round = starts.after(state);
        RoundPlan plan = server.plan(queries.before(state, round).state(), starts.clients(), round);
        Optional<ClientId> first = plan.cohort().stream().findFirst();
        first.ifPresent(client -> train(plan.withCohort(List.of(client)), client, round));
        return first;
    }

    /** Trains some clients, and returns the hash of the update of one of them. */
    private String train(RoundPlan plan, ClientId client, RoundContext round) {
        try (CohortExecutor.Answers<ModelUpdate> answers = executor.train(plan, round)) {
            while (answers.hasNext()) {
                try (ModelUpdate update = answers.next()) {
                    if (update.client().equals(client)) {
                        return update.sha256();
                    }
                }
            }
            throw new IllegalArgumentException(
                    "client must be one who does not fail, but was " + client + ": " + answers.failures());
        }
    }
}
