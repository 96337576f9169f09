package org.fl4j.simulation;

import org.fl4j.core.ClientDurations;
import org.fl4j.internal.Check;
import org.fl4j.server.AsynchronousServer;
import org.fl4j.server.ComposedServer;

/**
 * Asynchronous rounds on a simulated clock (see {@link AsynchronousServer}), for any aggregator: {@code builder.algorithm(new
 * Asynchronous(20, 5, 10, durations)).aggregator(new FedBuff())}. The clients' model is the run's own: aggregators that send
 * more than the model are refused, and so is a cohort size other than 1, for clients start one at a time.
 *
 * @param concurrency how many clients train at any time, at least 1
 * @param bufferSize how many arrivals make a round, at least 1
 * @param maxStaleness how many versions an arrival may be behind the model, at least 0
 * @param durations how long clients take
 */
public record Asynchronous(int concurrency, int bufferSize, int maxStaleness, ClientDurations durations)
        implements Algorithm {
    @Override
    public void configure(SimulationBuilder builder) {
        builder.maxStaleness = maxStaleness;
        builder.cohortSize(1) // clients are started one at a time
                .server((server, states, updates) -> {
                    Check.that(
                            server instanceof ComposedServer,
                            "server under asynchronous rounds",
                            "the composed one, for all clients share one model",
                            server.getClass().getSimpleName());
                    Check.inRange("minimumUpdates", 0, bufferSize, updates.minimumUpdates());
                    return new AsynchronousServer(server, concurrency, bufferSize, maxStaleness, durations);
                });
    }
}
