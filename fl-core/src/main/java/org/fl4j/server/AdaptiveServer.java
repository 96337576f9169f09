package org.fl4j.server;

import java.util.Map;
import org.fl4j.client.LocalTraining;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ModelUpdate;
import org.fl4j.core.Note;
import org.fl4j.core.RoundContext;
import org.fl4j.core.RoundPlan;
import org.fl4j.core.Server;
import org.fl4j.core.ServerState;
import org.fl4j.core.ServerUpdate;
import org.fl4j.internal.Check;
import org.fl4j.metrics.Metrics;
import org.fl4j.monitoring.AdaptationRule;
import org.fl4j.monitoring.AdaptationRule.Adaptation;
import org.fl4j.monitoring.ResourceUsage;

/**
 * Another server, whose tasks say how large batches are and what share of its steps a client takes, by what the machine has left when the
 * round begins, which the round has {@linkplain RoundContext#observed observed}. The batch size is part of the state. Metrics: {@code
 * adaptation/batch size}, {@code adaptation/steps share}.
 */
public final class AdaptiveServer extends ForwardingServer {
    /** The name of the state's number and of the metric: examples a step in the round. */
    public static final String BATCH_SIZE = "adaptation/batch size";

    /** The name of the metric: the share of its steps that a client takes in the round. */
    public static final String STEPS_SHARE = "adaptation/steps share";

    private static final Note<Adaptation> ADAPTATION = new Note<>("adaptation", Adaptation.class);

    private final AdaptationRule rule;
    private final int ownBatchSize;
    private final int largestClient;

    /**
     * Puts adaptation around a server.
     *
     * @param server what selects, aggregates and evaluates
     * @param rule what to make of the machine's load
     * @param ownBatchSize of the training that is adapted
     * @param largestClient the most examples that a client of the run has
     */
    public AdaptiveServer(Server server, AdaptationRule rule, int ownBatchSize, int largestClient) {
        super(server);
        this.rule = Check.present("rule", rule);
        this.ownBatchSize = Check.positive("ownBatchSize", ownBatchSize);
        this.largestClient = Check.atLeast("largestClient", 0, largestClient);
    }

    @Override
    public RoundPlan plan(ServerState state, ClientDirectory available, RoundContext round) {
        int before = state.strategy().number(BATCH_SIZE).map(Double::intValue).orElse(ownBatchSize);
        ResourceUsage usage = ResourceUsage.observed(round.observed());
        Adaptation now = rule.next(before, ownBatchSize, largestClient, usage);
        return super.plan(state, available, round)
                .withSettings(Map.of(
                        LocalTraining.BATCH_SIZE,
                        (double) now.batchSize(),
                        LocalTraining.STEPS_SHARE,
                        now.stepsShare()))
                .with(ADAPTATION, now);
    }

    @Override
    public ServerUpdate update(ServerState state, RoundPlan plan, Iterable<ModelUpdate> updates, RoundContext round) {
        Adaptation now = plan.note(ADAPTATION);
        ServerUpdate update = super.update(state, plan, updates, round);
        ServerState next = update.state();
        return new ServerUpdate(
                next.withStrategy(next.strategy().with(BATCH_SIZE, now.batchSize())),
                update.accepted(),
                update.rejected(),
                update.metrics()
                        .merge(Metrics.of(BATCH_SIZE, now.batchSize(), 1))
                        .merge(Metrics.of(STEPS_SHARE, now.stepsShare(), 1)));
    }
}
