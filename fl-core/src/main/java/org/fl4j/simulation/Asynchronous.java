package org.fl4j.simulation;

import org.fl4j.core.ClientDurations;
import org.fl4j.server.AsynchronousServer;

/**
 * Asynchronous rounds on a simulated clock (see {@link AsynchronousServer}), for any aggregator: {@code builder.algorithm(new
 * Asynchronous(20, 5, 10, durations)).aggregator(new FedBuff())}.
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
        builder.cohortSize(1) // clients are started one at a time
                .updates(builder.updates.maxStaleness(maxStaleness))
                .server((composed, states) ->
                        new AsynchronousServer(composed, concurrency, bufferSize, maxStaleness, durations));
    }
}
