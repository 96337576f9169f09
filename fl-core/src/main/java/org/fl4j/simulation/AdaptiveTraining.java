package org.fl4j.simulation;

import java.util.Map;
import java.util.stream.IntStream;
import org.fl4j.client.LocalTraining;
import org.fl4j.core.ClientDirectory;
import org.fl4j.internal.Check;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.metrics.Metrics;
import org.fl4j.monitoring.AdaptationRule;
import org.fl4j.monitoring.ResourceProbe;
import org.fl4j.monitoring.ResourceUsage;

/**
 * Adapts local training to what the machine has left: batch size and number of steps, for all clients of a round alike.
 *
 * <p>Noise is not adapted: clipping, noise and what they are charged do not depend on batches and steps where an update
 * is private as a whole, and where they would, as in DP-SGD, clients refuse to be adapted. More noise under pressure is
 * what {@code NoiseRaise} is for.
 *
 * <p>The run's own work is part of the load that a {@code SystemProbe} sees: it looks
 * when a round begins, at the time since the round before began, so with one worker a processor the machine counts as
 * busy. Give it fewer workers, or a rule that allows for them. Trainings that an algorithm sets up beside the run's
 * own, such as FedRep's head, are not adapted.
 *
 * <p>With a {@code SystemProbe} a run is not repeatable, because it depends on what
 * else the machine does; under a scripted probe it is, for any number of workers and after a resume. A replay takes
 * what the run recorded. Metrics: {@code adaptation/batch size}, {@code adaptation/steps share}, and what was seen of
 * the machine, under {@code observed/}.
 *
 * @param probe looks at the machine, once a round
 * @param rule what to make of it
 */
public record AdaptiveTraining(ResourceProbe probe, AdaptationRule rule) implements Algorithm {
    /** Checks for presence. */
    public AdaptiveTraining {
        Check.present("probe", probe);
        Check.present("rule", rule);
    }

    @Override
    public Parts on(Parts parts) {
        return parts.observer(new ProbeObserver(probe)).settings(run -> new Adapting(rule, run));
    }

    private record ProbeObserver(ResourceProbe probe) implements RoundObserver {
        @Override
        public Metrics observe(int round) {
            return probe.sample(round).toObserved();
        }
    }

    /** Goes by the batch size of the round before, which is a number of the state. */
    private static final class Adapting implements SettingsRule {
        private static final String BATCH_SIZE = "adaptation/batch size";
        private static final String STEPS_SHARE = "adaptation/steps share";

        private final AdaptationRule rule;
        private final int ownBatchSize;
        private final int largestClient;

        Adapting(AdaptationRule rule, DecoratorContext run) {
            this.rule = rule;
            ownBatchSize = run.training().orElseThrow().batchSize();
            largestClient = largestOf(run.clients());
        }

        @Override
        public Decision decide(ServerState state, RoundContext round) {
            int before =
                    state.strategy().number(BATCH_SIZE).map(Double::intValue).orElse(ownBatchSize);
            AdaptationRule.Adaptation now =
                    rule.next(before, ownBatchSize, largestClient, ResourceUsage.observed(round.observed()));
            double batchSize = now.batchSize();
            return new Decision(
                    Map.of(LocalTraining.BATCH_SIZE, batchSize, LocalTraining.STEPS_SHARE, now.stepsShare()),
                    Map.of(BATCH_SIZE, batchSize),
                    Metrics.of(BATCH_SIZE, batchSize, 1).merge(Metrics.of(STEPS_SHARE, now.stepsShare(), 1)));
        }
    }

    private static int largestOf(ClientDirectory clients) {
        return IntStream.range(0, clients.size()).map(clients::examplesAt).max().orElse(0);
    }

    /**
     * Accepts clients made by the training alone, and no simulated time, in which this machine's load means nothing.
     */
    @Override
    public void verify(Parts parts) {
        Check.that(
                parts.clients().isEmpty() && parts.training().isPresent(),
                "clients under adaptive training",
                "such as train by the run's training",
                "of your own making");
        Check.that(!parts.has(ServerLayer.TIME), "time under adaptive training", "the machine's", "simulated");
        int own = parts.training().orElseThrow().batchSize();
        Check.inRange("batchSize under adaptive training", rule.leastBatch(), Integer.MAX_VALUE - 1, own);
    }
}
