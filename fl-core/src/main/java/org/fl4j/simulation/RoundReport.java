package org.fl4j.simulation;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.fl4j.message.ClientId;
import org.fl4j.message.Rejection;
import org.fl4j.metrics.Metrics;

/**
 * All that happened in one round.
 *
 * @param round numbered from 1
 * @param cohort who was asked
 * @param clients what each client whose update was folded had measured
 * @param evaluations what each client measured on the new model, if the round had a federated evaluation
 * @param rejected whose update was left out, and why
 * @param failures who threw, under a policy that goes on
 * @param metrics the round's metrics: those of clients and of their evaluations merged, the aggregator's, and the
 *     central evaluation's
 * @param bytesDown the tensors sent to the clients whose updates arrived
 * @param bytesUp the tensors these clients sent
 * @param trainSeconds selection to aggregation, by the wall clock
 * @param evaluationSeconds evaluation, by the wall clock
 */
public record RoundReport(
        int round,
        List<ClientId> cohort,
        Map<ClientId, Metrics> clients,
        Map<ClientId, Metrics> evaluations,
        List<Rejection> rejected,
        List<ClientFailure> failures,
        Metrics metrics,
        long bytesDown,
        long bytesUp,
        double trainSeconds,
        double evaluationSeconds) {
    /** Copies the collections. */
    public RoundReport {
        cohort = List.copyOf(cohort);
        clients = Collections.unmodifiableMap(new TreeMap<>(clients));
        evaluations = Collections.unmodifiableMap(new TreeMap<>(evaluations));
        rejected = List.copyOf(rejected);
        failures = List.copyOf(failures);
    }

    /** Returns the same report with further metrics. */
    RoundReport withMetrics(Metrics more) {
        return new RoundReport(
                round,
                cohort,
                clients,
                evaluations,
                rejected,
                failures,
                metrics.merge(more),
                bytesDown,
                bytesUp,
                trainSeconds,
                evaluationSeconds);
    }
}
