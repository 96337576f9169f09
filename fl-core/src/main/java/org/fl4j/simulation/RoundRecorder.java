package org.fl4j.simulation;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.fl4j.message.ClientId;
import org.fl4j.message.Rejection;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.ServerUpdate;
import org.fl4j.metrics.Metrics;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes the reports of a run's rounds, and warns of rejections. */
final class RoundRecorder {
    private static final Logger LOG = LoggerFactory.getLogger(FederatedRound.class);

    /** What needs no warning: a simulated clock makes clients late, and the others were told. */
    private final Set<RejectionReason> logged =
            EnumSet.of(RejectionReason.LATE, RejectionReason.DROPPED_OUT, RejectionReason.STALE);

    /**
     * What there is to say of a round.
     *
     * @param round which
     * @param plan what was to happen
     * @param asked what clients were asked before
     * @param uploads what they sent
     * @param update what the server made of it
     * @param evaluated what was measured then
     * @param watch how long it took
     */
    record Seen(
            RoundContext round,
            RoundPlan plan,
            Queries.Asked asked,
            Uploads uploads,
            ServerUpdate update,
            Evaluation.Result evaluated,
            Stopwatch watch) {}

    RoundReport report(Seen seen) {
        List<ClientFailure> failures = new ArrayList<>(seen.asked().failures());
        failures.addAll(seen.uploads().failures());
        failures.addAll(seen.evaluated().failures());
        List<Rejection> rejections = new ArrayList<>(seen.asked().rejected());
        rejections.addAll(seen.uploads().rejections(seen.update()));
        warnOf(rejections, seen.round());
        Map<ClientId, Metrics> clients = new TreeMap<>();
        seen.update().accepted().forEach((client, receipt) -> clients.put(client, receipt.measured()));
        return new RoundReport(
                seen.round().number(),
                seen.plan().cohort(),
                clients,
                seen.evaluated().byClient(),
                rejections,
                failures,
                seen.evaluated()
                        .central()
                        .merge(seen.round().observed())
                        .merge(seen.update().metrics())
                        .merge(Evaluation.total(clients))
                        .merge(Evaluation.total(seen.evaluated().byClient())),
                seen.asked().bytesDown() + seen.uploads().bytesDown(),
                seen.asked().bytesUp() + seen.uploads().bytesUp(),
                seen.watch().trainSeconds(),
                seen.watch().evaluationSeconds());
    }

    /**
     * Logs the first rejection for each reason of a run: the others are in the reports, and a fault of the set-up
     * refuses every update.
     */
    private void warnOf(List<Rejection> rejections, RoundContext round) {
        for (Rejection rejection : rejections) {
            if (logged.add(rejection.reason())) {
                LOG.warn(
                        "round {}, {}: update rejected: {} ({}); later rejections for this reason are in the"
                                + " round reports only",
                        round.number(),
                        rejection.client(),
                        rejection.detail(),
                        rejection.reason());
            }
        }
    }
}
