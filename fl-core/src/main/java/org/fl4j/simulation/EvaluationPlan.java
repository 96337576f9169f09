package org.fl4j.simulation;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.fl4j.core.ClientDirectory;
import org.fl4j.message.ClientId;

/**
 * In which rounds the model is evaluated: every so many, and in the last.
 *
 * @param centralEvery at least 1
 * @param clientsEvery at least 1, or empty for no evaluation on clients
 * @param evaluating the clients that evaluate, which may be more than train, or empty for no evaluation on clients
 * @param lastRound the number of the last round
 */
record EvaluationPlan(int centralEvery, OptionalInt clientsEvery, Optional<ClientDirectory> evaluating, int lastRound) {
    boolean central(int round) {
        return due(round, centralEvery);
    }

    /** Returns the clients that evaluate in a round: all or none. */
    List<ClientId> clients(int round) {
        boolean due = clientsEvery.isPresent() && due(round, clientsEvery.getAsInt());
        return evaluating
                .filter(any -> due)
                .map(directory -> IntStream.range(0, directory.size())
                        .mapToObj(directory::id)
                        .toList())
                .orElse(List.of());
    }

    private boolean due(int round, int every) {
        return round % every == 0 || round == lastRound;
    }
}
