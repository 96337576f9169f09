package org.fl4j.simulation;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.fl4j.core.Server;
import org.fl4j.internal.Check;
import org.fl4j.internal.FlightEvents;
import org.fl4j.message.ClientId;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.metrics.Metrics;
import org.fl4j.tensor.ParameterVector;

/**
 * Evaluates new models: on the server's data, and on the clients.
 *
 * @param server says what clients are sent
 * @param executor runs the clients
 * @param plan in which rounds
 * @param evaluated which model of a state
 */
record Evaluation(
        Server server, CohortExecutor executor, EvaluationPlan plan, Function<ServerState, ParameterVector> evaluated) {
    /**
     * What was measured.
     *
     * @param central on the server's data; none in a round without evaluation
     * @param byClient on the clients' data
     * @param failures of clients that could not evaluate
     */
    record Result(Metrics central, Map<ClientId, Metrics> byClient, List<ClientFailure> failures) {}

    Result of(ServerState state, RoundContext round) {
        boolean centrally = plan.central(round.number());
        List<ClientId> clients = plan.clients(round);
        if (!centrally && clients.isEmpty()) {
            return new Result(Metrics.none(), Map.of(), List.of());
        }
        FlightEvents.Evaluation event = new FlightEvents.Evaluation(round.number(), clients.size());
        try {
            return evaluated(shown(state), centrally, clients, round);
        } finally {
            event.commit();
        }
    }

    private Result evaluated(ServerState shown, boolean centrally, List<ClientId> clients, RoundContext round) {
        Metrics central = centrally ? server.evaluate(shown, round) : Metrics.none();
        if (clients.isEmpty()) {
            return new Result(central, Map.of(), List.of());
        }
        Map<ClientId, Metrics> byClient = new TreeMap<>();
        try (CohortExecutor.Answers<CohortExecutor.Measured> results =
                executor.evaluate(server.evaluation(shown, clients, round), round)) {
            results.forEachRemaining(result -> byClient.put(result.client(), result.metrics()));
            return new Result(central, byClient, results.failures());
        }
    }

    private ServerState shown(ServerState state) {
        ParameterVector model = Check.present("model that is evaluated", evaluated.apply(state));
        state.model().layout().differenceFrom(model.layout()).ifPresent(difference -> {
            throw new IllegalArgumentException(
                    "model that is evaluated must have the run's layout, but: " + difference);
        });
        Map<String, ParameterVector> models = new TreeMap<>(state.models());
        models.put(ServerState.MODEL, model);
        return new ServerState(state.round(), models, state.strategy());
    }

    static Metrics total(Map<ClientId, Metrics> byClient) {
        return new TreeMap<>(byClient).values().stream().reduce(Metrics.none(), Metrics::merge);
    }
}
