package org.fl4j.simulation;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.fl4j.core.ClientId;
import org.fl4j.core.RoundContext;
import org.fl4j.core.Server;
import org.fl4j.core.ServerState;
import org.fl4j.metrics.Metrics;

/**
 * Evaluates new models: on the server's data, and on the clients.
 *
 * @param server says what clients are sent
 * @param cohort runs the clients
 * @param plan in which rounds
 */
record Evaluation(Server server, LocalCohort cohort, EvaluationPlan plan) {
    /**
     * What was measured.
     *
     * @param central on the server's data; none in a round without evaluation
     * @param byClient on the clients' data
     * @param failures of clients that could not evaluate
     */
    record Result(Metrics central, Map<ClientId, Metrics> byClient, List<ClientFailure> failures) {}

    Result of(ServerState state, RoundContext round) {
        Metrics central = plan.central(round.number()) ? server.evaluate(state, round) : Metrics.none();
        List<ClientId> clients = plan.clients(round.number());
        if (clients.isEmpty()) {
            return new Result(central, Map.of(), List.of());
        }
        Map<ClientId, Metrics> byClient = new TreeMap<>();
        try (ClientExecutor.Results<Map.Entry<ClientId, Metrics>> results =
                cohort.evaluate(server.evaluation(state, clients, round), round)) {
            results.forEachRemaining(result -> byClient.put(result.getKey(), result.getValue()));
            return new Result(central, byClient, results.failures());
        }
    }

    static Metrics total(Map<ClientId, Metrics> byClient) {
        return new TreeMap<>(byClient).values().stream().reduce(Metrics.none(), Metrics::merge);
    }
}
