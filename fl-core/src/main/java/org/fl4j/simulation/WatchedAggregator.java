package org.fl4j.simulation;

import java.util.List;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ForwardingAggregator;
import org.fl4j.execution.TaskRecord;
import org.fl4j.internal.Wrapper;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;

/**
 * The aggregator of an algorithm, behind what a user has put around it or around the server. Whether that asks it at
 * all shows only in a round; the first one that is made without it ends the run, for it would be half of the algorithm.
 */
final class WatchedAggregator implements ForwardingAggregator, RunListener, Wrapper {
    private final Aggregator aggregator;
    private final String algorithm;
    private volatile boolean asked;
    private boolean computed; // or the round is one that a resumed run tells of again

    WatchedAggregator(Aggregator aggregator, String algorithm) {
        this.aggregator = aggregator;
        this.algorithm = algorithm;
    }

    @Override
    public Aggregator aggregator() {
        return aggregator;
    }

    @Override
    public Object wrapped() {
        return aggregator;
    }

    @Override
    public Aggregation begin(RoundContext round, ServerState state) {
        asked = true;
        return aggregator.begin(round, state);
    }

    @Override
    public void tasksEnded(List<TaskRecord> tasks) {
        computed = true;
    }

    @Override
    public void roundEnded(RoundReport report, ServerState state) {
        if (computed && !asked) {
            throw new IllegalStateException("aggregator of " + algorithm + " must be asked in every run, but round "
                    + report.round() + " was made without it. Maybe a server() or an aroundAggregator() of the run does"
                    + " not use what it is given");
        }
    }
}
