package org.fl4j.simulation;

import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;

/**
 * Has the cohorts of rounds train.
 *
 * @param executor runs the clients
 * @param claims what may be true of their updates
 * @param encoded whether deltas are encoded
 * @param decode makes of an update what the server reads
 * @param commit keeps what accepted clients of a round remember
 */
record Training(
        CohortExecutor executor,
        ClaimRule claims,
        boolean encoded,
        UnaryOperator<ModelUpdate> decode,
        BiConsumer<Integer, Set<ClientId>> commit) {
    /** Has a plan's cohort train; the updates come in its order. */
    Uploads of(RoundPlan plan, RoundContext round) {
        return new Uploads(this, plan, round);
    }
}
