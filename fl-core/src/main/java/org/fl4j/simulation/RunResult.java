package org.fl4j.simulation;

import ai.djl.ndarray.NDManager;
import java.util.List;
import java.util.OptionalDouble;
import org.fl4j.message.ServerState;
import org.fl4j.metrics.Metrics;
import org.fl4j.server.Clock;

/**
 * How a run ended. Close it to free the final model.
 *
 * <p>Arrays are compared by identity, so that two are equal only if they hold the same arrays.
 *
 * @param state the final state, on the server's device
 * @param history one report a round, from the first; a resumed run includes the rounds before
 * @param end why it ended
 * @param stateSha256 the {@linkplain ServerState#sha256 SHA-256 of the final state}, all models and all that strategies
 *     remember: runs with equal hashes ended bit-identically
 * @param seconds how long this call of run took
 * @param manager what holds the final state
 */
public record RunResult(
        ServerState state, List<RoundReport> history, End end, String stateSha256, double seconds, NDManager manager)
        implements AutoCloseable {
    /** Why a run ended. */
    public enum End {
        /** All rounds were run. */
        COMPLETED,
        /** All rounds were run, and not one of them accepted an update: nothing was learned. */
        NO_UPDATES,
        /** The stop rule ended it. */
        STOPPED_EARLY,
        /** It was cancelled, or its thread interrupted; the state is that of the last whole round. */
        CANCELLED
    }

    /** Copies the history. */
    public RunResult {
        history = List.copyOf(history);
    }

    /** Returns the metrics of the last round. */
    public Metrics finalMetrics() {
        return history.isEmpty()
                ? Metrics.none()
                : history.get(history.size() - 1).metrics();
    }

    /**
     * Returns when, in simulated seconds, a metric first was at least a target: the time to accuracy. Empty if it never
     * was, or rounds were on no simulated clock.
     */
    public OptionalDouble secondsTo(String metric, double target) {
        return history.stream()
                .map(RoundReport::metrics)
                .filter(metrics -> metrics.find(metric).orElse(Double.NEGATIVE_INFINITY) >= target)
                .limit(1)
                .flatMapToDouble(metrics -> metrics.find(Clock.SECONDS).stream())
                .findFirst();
    }

    /** Returns the bytes sent to clients in all rounds. */
    public long bytesDown() {
        return history.stream().mapToLong(RoundReport::bytesDown).sum();
    }

    /** Returns the bytes sent by clients in all rounds. */
    public long bytesUp() {
        return history.stream().mapToLong(RoundReport::bytesUp).sum();
    }

    /** Frees the final model. */
    @Override
    public void close() {
        manager.close();
    }
}
