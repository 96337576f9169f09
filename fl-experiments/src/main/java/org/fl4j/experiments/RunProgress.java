package org.fl4j.experiments;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import me.tongfei.progressbar.DefaultProgressBarRenderer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import me.tongfei.progressbar.ProgressState;
import org.fl4j.message.ServerState;
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
                .setRenderer(new AsciiRenderer())
                .build());
    }

    /** The usual bar, whose clock the library writes in the digits of the default locale. */
    private static final class AsciiRenderer extends DefaultProgressBarRenderer {
        AsciiRenderer() {
            super(
                    ProgressBarStyle.COLORFUL_UNICODE_BLOCK,
                    /* unitName= */ "",
                    /* unitSize= */ 1,
                    /* isSpeedShown= */ false,
                    /* speedFormat= */ null,
                    ChronoUnit.SECONDS,
                    /* isEtaShown= */ true,
                    RunProgress::timeLeft);
        }

        @Override
        public String render(ProgressState progress, int maxLength) {
            return asciiDigits(super.render(progress, maxLength));
        }
    }

    /** Returns the time left if rounds go on as fast as so far. */
    private static Optional<Duration> timeLeft(ProgressState progress) {
        long done = progress.getCurrent() - progress.getStart();
        return done <= 0
                ? Optional.empty()
                : Optional.of(progress.getElapsedAfterStart()
                        .dividedBy(done)
                        .multipliedBy(progress.getMax() - progress.getCurrent()));
    }

    static String asciiDigits(String text) {
        StringBuilder ascii = new StringBuilder();
        text.codePoints().forEach(c -> ascii.appendCodePoint(Character.isDigit(c) ? '0' + Character.digit(c, 10) : c));
        return ascii.toString();
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
