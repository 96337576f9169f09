package org.fl4j.server;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.fl4j.client.LocalTraining;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientId;
import org.fl4j.core.ModelUpdate;
import org.fl4j.core.RoundContext;
import org.fl4j.core.Server;
import org.fl4j.core.ServerState;
import org.fl4j.core.ServerUpdate;
import org.fl4j.core.TrainingTask;
import org.fl4j.internal.Check;
import org.fl4j.metrics.Metrics;
import org.fl4j.monitoring.AdaptationRule;
import org.fl4j.monitoring.AdaptationRule.Adaptation;
import org.fl4j.monitoring.ResourceProbe;

/**
 * Another server, whose tasks say how large batches are and what share of its steps a client takes, by what the machine has left when the
 * round begins. The batch size is part of the state. Metrics: {@code adaptation/batch size}, {@code adaptation/steps share}.
 */
public final class AdaptiveServer implements Server {
    /** The name of the state's number and of the metric: examples a step in the round. */
    public static final String BATCH_SIZE = "adaptation/batch size";

    private static final String STEPS_SHARE = "adaptation/steps share";

    private final Server server;
    private final ResourceProbe probe;
    private final AdaptationRule rule;
    private final int ownBatchSize;
    private final IntFunction<Optional<Metrics>> recorded;
    private volatile Adaptation now; // of the round between select and update
    private int largest; // 0 until it is known

    /**
     * Puts adaptation around a server.
     *
     * @param server what selects, aggregates and evaluates
     * @param probe looks at the machine, once a round
     * @param rule what to make of it
     * @param ownBatchSize of the training that is adapted
     * @param recorded what a round measured when the run that is replayed ran it: the probe is not asked again
     */
    public AdaptiveServer(
            Server server,
            ResourceProbe probe,
            AdaptationRule rule,
            int ownBatchSize,
            IntFunction<Optional<Metrics>> recorded) {
        this.recorded = Check.present("recorded", recorded);
        this.server = Check.present("server", server);
        this.probe = Check.present("probe", probe);
        this.rule = Check.present("rule", rule);
        this.ownBatchSize = Check.positive("ownBatchSize", ownBatchSize);
        now = new Adaptation(ownBatchSize, 1);
    }

    @Override
    public ServerState initialState() {
        return server.initialState();
    }

    @Override
    public List<ClientId> select(ServerState state, ClientDirectory available, RoundContext round) {
        int before = state.strategy().number(BATCH_SIZE).map(Double::intValue).orElse(ownBatchSize);
        now = recorded.apply(round.number())
                .map(AdaptiveServer::settings)
                .orElseGet(
                        () -> rule.next(before, ownBatchSize, largestClient(available), probe.sample(round.number())));
        return server.select(state, available, round);
    }

    private static Adaptation settings(Metrics recorded) {
        return new Adaptation((int) recorded.value(BATCH_SIZE), recorded.value(STEPS_SHARE));
    }

    private int largestClient(ClientDirectory clients) {
        if (largest == 0) { // a whole pass, once a run
            largest = IntStream.range(0, clients.size())
                    .map(clients::examplesAt)
                    .max()
                    .orElse(0);
        }
        return largest;
    }

    @Override
    public TrainingTask broadcast(ServerState state, ClientId client, RoundContext round) {
        return server.broadcast(state, client, round)
                .withSettings(Map.of(
                        LocalTraining.BATCH_SIZE,
                        (double) now.batchSize(),
                        LocalTraining.STEPS_SHARE,
                        now.stepsShare()));
    }

    @Override
    public ServerUpdate update(ServerState state, Iterable<ModelUpdate> updates, RoundContext round) {
        ServerUpdate update = server.update(state, updates, round);
        ServerState next = update.state();
        return new ServerUpdate(
                new ServerState(next.round(), next.model(), next.strategy().with(BATCH_SIZE, now.batchSize())),
                update.accepted(),
                update.rejected(),
                update.metrics()
                        .merge(Metrics.of(BATCH_SIZE, now.batchSize(), 1))
                        .merge(Metrics.of(STEPS_SHARE, now.stepsShare(), 1)));
    }

    @Override
    public Metrics evaluate(ServerState state, RoundContext round) {
        return server.evaluate(state, round);
    }
}
