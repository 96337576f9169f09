package org.fl4j.simulation;

import java.util.stream.IntStream;
import org.fl4j.core.ClientDirectory;
import org.fl4j.internal.Check;
import org.fl4j.monitoring.AdaptationRule;
import org.fl4j.monitoring.ResourceProbe;
import org.fl4j.server.AdaptiveServer;

/**
 * Adapts local training to what the machine has left: batch size and number of steps, for all clients of a round alike.
 *
 * <p>Noise is not adapted: clipping, noise and what they are charged do not depend on batches and steps where an update is private
 * as a whole, and where they would, as in DP-SGD, clients refuse to be adapted. More noise under pressure is what {@code NoiseRaise} is for.
 *
 * <p>The run's own work is part of the load that a {@link org.fl4j.monitoring.SystemProbe} sees: it looks when a round begins, at the time since the round before
 * began, so with one worker a processor the machine counts as busy. Give it fewer workers, or a rule that allows for them. Trainings that an algorithm
 * sets up beside the run's own, such as FedRep's head, are not adapted.
 *
 * <p>With a {@link org.fl4j.monitoring.SystemProbe} a run is not repeatable, because it depends on what else the machine does; under a
 * scripted probe it is, for any number of workers and after a resume. A replay takes the settings that the run recorded.
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
    public void configure(SimulationBuilder builder) {
        builder.observer(round -> probe.sample(round).toObserved())
                .server(
                        ServerLayer.SETTINGS,
                        (server, run) -> new AdaptiveServer(
                                server, rule, run.training().orElseThrow().batchSize(), largestOf(run.clients())));
    }

    private static int largestOf(ClientDirectory clients) {
        return IntStream.range(0, clients.size()).map(clients::examplesAt).max().orElse(0);
    }

    /** Accepts clients made by the training alone, and no simulated time, in which this machine's load means nothing. */
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
