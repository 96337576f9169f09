package org.fl4j.simulation;

import org.fl4j.internal.Check;
import org.fl4j.server.AsynchronousRules;
import org.fl4j.server.AsynchronousServer;
import org.fl4j.server.Clock;
import org.fl4j.world.ClientDurations;
import org.fl4j.world.World;

/**
 * Asynchronous rounds on a simulated clock (see {@link AsynchronousServer}), in front of any aggregator that weighs by
 * staleness or not: {@code new Asynchronous(20, 5, 10, durations)}, {@code .aggregator(new FedBuff())}. The clients'
 * model is the run's own: a server in place of the composed one is refused.
 *
 * @param rules when the server makes a step
 * @param world how long clients take, and when they are there
 */
public record Asynchronous(AsynchronousRules rules, World world) implements Algorithm {
    /** Checks for presence. */
    public Asynchronous {
        Check.present("rules", rules);
        Check.present("world", world);
    }

    /** Takes steps at so many arrivals, with everyone there always; see {@link AsynchronousRules}. */
    public Asynchronous(int concurrency, int bufferSize, int maxStaleness, ClientDurations durations) {
        this(
                new AsynchronousRules(concurrency, bufferSize, maxStaleness, Double.POSITIVE_INFINITY),
                new World(durations));
    }

    /**
     * Returns semi-synchronous rounds: each lasts as long, takes what arrived in it, and leaves the others at work.
     *
     * @param concurrency how many clients train at any time, at least 1
     * @param window the length of a round in simulated seconds, positive and finite
     * @param maxStaleness how many versions an arrival may be behind the model, at least 0
     */
    public static Asynchronous windows(int concurrency, double window, int maxStaleness, World world) {
        Check.positive("window", window);
        return new Asynchronous(new AsynchronousRules(concurrency, Integer.MAX_VALUE, maxStaleness, window), world);
    }

    @Override
    public Parts on(Parts parts) {
        return parts.asynchronous(rules.maxStaleness())
                .cohortSize(1) // clients are started one at a time
                .server(
                        ServerLayer.TIME,
                        (server, run) -> new AsynchronousServer(
                                server, rules, new Clock(world, run.selector(), run::examplesSeen, run::plannedBytes)));
    }

    /** Accepts only rounds that can be enough, and that take what arrives. */
    @Override
    public void verify(Parts parts) {
        Check.that(
                !parts.aggregator().sendsAttachments(),
                "aggregator of asynchronous rounds",
                "one that sends nothing beside the model, for it would be newer than what clients train",
                parts.aggregator().getClass().getSimpleName());
        Check.that(
                !parts.has(ServerLayer.AROUND),
                "server under asynchronous rounds",
                "the composed one alone, for clients are sent older models than that of the round",
                "another around it");
        Check.that(
                !parts.has(ServerLayer.BASE),
                "server under asynchronous rounds",
                "the composed one, for all clients share one model",
                "another in its place");
        Check.inRange("minimumUpdates", 0, rules.bufferSize(), parts.updates().minimumUpdates());
        Check.that(
                parts.aggregator().minimumUpdates() <= rules.bufferSize(),
                "bufferSize of asynchronous rounds",
                "at least what the aggregator needs, " + parts.aggregator().minimumUpdates(),
                rules.bufferSize());
        Check.that(
                parts.updates().bufferSize() >= rules.bufferSize(),
                "bufferSize of the update policy",
                "left out, for the rules of asynchronous rounds have one",
                parts.updates().bufferSize());
    }
}
