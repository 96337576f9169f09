package org.fl4j.simulation;

import java.util.Locale;
import java.util.stream.Collectors;
import org.fl4j.message.ServerState;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs one line a round at INFO, and one at WARN for each update left out and each client that failed. */
public final class LogListener implements RunListener {
    private static final Logger LOG = LoggerFactory.getLogger(LogListener.class);

    @Override
    public void runStarted(int completedRounds, int totalRounds) {
        LOG.info("run starts with round {} of {}", completedRounds + 1, totalRounds);
    }

    @Override
    public void roundEnded(RoundReport report, ServerState state) {
        LOG.info(
                "round {}: {} of {} updates, {} s, {}",
                report.round(),
                report.clients().size(),
                report.cohort().size(),
                String.format(Locale.ROOT, "%.3f", report.trainSeconds()),
                report.metrics().values().entrySet().stream()
                        .map(e -> String.format(
                                Locale.ROOT, "%s %.4f", e.getKey(), e.getValue().value()))
                        .collect(Collectors.joining(", ")));
        report.rejected()
                .forEach(rejection -> LOG.warn(
                        "round {}: update of {} rejected, {}: {}",
                        report.round(),
                        rejection.client(),
                        rejection.reason(),
                        rejection.detail()));
        report.failures()
                .forEach(failure ->
                        LOG.warn("round {}: {} failed: {}", report.round(), failure.client(), failure.error()));
    }

    @Override
    public void runEnded(RunResult result) {
        LOG.info("run ended: {}, state SHA-256 {}", result.end(), result.stateSha256());
    }
}
