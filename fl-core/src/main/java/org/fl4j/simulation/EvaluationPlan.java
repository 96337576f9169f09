package org.fl4j.simulation;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.fl4j.message.ClientId;
import org.fl4j.message.RoundContext;

/**
 * In which rounds the model is evaluated: every so many, and in the last.
 *
 * @param centralEvery at least 1
 * @param clientsEvery at least 1, or empty for no evaluation on clients
 * @param evaluating the clients that evaluate, which may be more than train, or empty for no evaluation on clients
 * @param lastRound the number of the last round
 */
record EvaluationPlan(
        int centralEvery, OptionalInt clientsEvery, Optional<EvaluatingClients> evaluating, int lastRound) {
    boolean central(int round) {
        return due(round, centralEvery);
    }

    /** Returns the clients that evaluate in a round; none in a round without evaluation on clients. */
    List<ClientId> clients(RoundContext round) {
        boolean due = clientsEvery.isPresent() && due(round.number(), clientsEvery.getAsInt());
        return evaluating.filter(any -> due).map(clients -> clients.of(round)).orElse(List.of());
    }

    private boolean due(int round, int every) {
        return round % every == 0 || round == lastRound;
    }
}
