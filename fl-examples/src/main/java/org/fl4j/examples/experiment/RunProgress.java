package org.fl4j.examples.experiment;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import org.fl4j.core.ServerState;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunListener;

/** A progress bar on the error stream, with the time that is left and the last metrics. */
public final class RunProgress implements RunListener, AutoCloseable {
    private final String name;
    private Optional<ProgressBar> bar = Optional.empty();

    /** Says what the bar is of. */
    public RunProgress(String name) {
        this.name = name;
    }

    @Override
    public void runStarted(int completedRounds, int totalRounds) {
        bar = Optional.of(new ProgressBarBuilder()
                .setTaskName(name)
                .setInitialMax(totalRounds)
                .startsFrom(completedRounds, Duration.ZERO)
                .build());
    }

    @Override
    public void roundEnded(RoundReport report, ServerState state) {
        bar.ifPresent(shown -> {
            shown.setExtraMessage(last(report));
            shown.stepTo(report.round());
        });
    }

    private static String last(RoundReport report) {
        return Stream.of("test/accuracy", "test/loss", "privacy/epsilon")
                .flatMap(metric -> report.metrics().find(metric).stream()
                        .mapToObj(value -> String.format(
                                Locale.ROOT, " %s %.4f", metric.substring(metric.indexOf('/') + 1), value)))
                .collect(Collectors.joining());
    }

    /** Takes the bar off the terminal, however the run ended. */
    @Override
    public void close() {
        bar.ifPresent(ProgressBar::close);
    }
}
