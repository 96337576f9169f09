package org.fl4j.simulation;

import org.fl4j.core.ClientDurations;
import org.fl4j.internal.Check;
import org.fl4j.server.AsynchronousServer;
import org.fl4j.server.TimedServer;

/**
 * Synchronous rounds on a simulated clock (see {@link TimedServer}). To over-commit, set a cohort larger than {@link
 * org.fl4j.server.UpdatePolicy#bufferSize}.
 *
 * @param durations how long clients take
 * @param timeout how long a round may last, in simulated seconds, positive; may be infinite
 */
public record SynchronousTime(ClientDurations durations, double timeout) implements Algorithm {
    @Override
    public void configure(SimulationBuilder builder) {
        builder.server((server, states, updates) -> {
            Check.that(
                    !(server instanceof AsynchronousServer),
                    "server under synchronous time",
                    "one without a clock of its own",
                    server.getClass().getSimpleName());
            return new TimedServer(server, durations, timeout);
        });
    }
}
