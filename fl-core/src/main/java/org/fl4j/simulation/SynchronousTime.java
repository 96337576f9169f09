package org.fl4j.simulation;

import org.fl4j.internal.Check;
import org.fl4j.server.Clock;
import org.fl4j.server.TimedServer;
import org.fl4j.world.ClientDurations;
import org.fl4j.world.World;

/**
 * Synchronous rounds on a simulated clock (see {@link TimedServer}). To over-commit, see {@link OverCommitment}.
 *
 * @param world how long clients take, and when they are there
 * @param timeout how long a round may last, in simulated seconds, positive; may be infinite
 */
public record SynchronousTime(World world, double timeout) implements Algorithm {
    /** Checks both. */
    public SynchronousTime {
        Check.present("world", world);
        Check.that(timeout > 0, "timeout", "positive", timeout);
    }

    /** Has everyone there, always. */
    public SynchronousTime(ClientDurations durations, double timeout) {
        this(new World(durations), timeout);
    }

    @Override
    public Parts on(Parts parts) {
        return parts.server(
                ServerLayer.TIME,
                (server, run) -> new TimedServer(
                        server, new Clock(world, run.selector(), run::examplesSeen, run::plannedBytes), timeout));
    }
}
