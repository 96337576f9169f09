package org.fl4j.examples.command;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.fl4j.message.ServerState;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunListener;
import org.fl4j.simulation.RunResult;

/** Prints one line a round. */
final class RoundTable implements RunListener {
    private static final double WIDEST = 1e5; // with four decimals it still fits into a column

    private final PrintStream out;
    private final List<String> clientAccuracies;

    /** Names further metrics, such as {@code client/test/accuracy}, each of which gets a column. */
    RoundTable(PrintStream out, List<String> clientAccuracies) {
        this.out = out;
        this.clientAccuracies = List.copyOf(clientAccuracies);
    }

    @Override
    public void runStarted(int completedRounds, int totalRounds) {
        out.printf(
                Locale.ROOT,
                "%6s %8s %11s %10s %10s%s %9s%n",
                "round",
                "updates",
                "train loss",
                "test loss",
                "accuracy",
                columns(metric -> metric.replace("/accuracy", "")),
                "seconds");
    }

    @Override
    public void roundEnded(RoundReport report, ServerState state) {
        out.printf(
                Locale.ROOT,
                "%6d %4d/%-3d %11s %10s %10s%s %9.2f%n",
                report.round(),
                report.clients().size(),
                report.cohort().size(),
                number(report, "train/loss"),
                number(report, "test/loss"),
                number(report, "test/accuracy"),
                columns(metric -> number(report, metric)),
                report.trainSeconds() + report.evaluationSeconds());
    }

    private String columns(UnaryOperator<String> text) {
        return clientAccuracies.stream()
                .map(metric -> String.format(Locale.ROOT, " %14s", text.apply(metric)))
                .collect(Collectors.joining());
    }

    private static String number(RoundReport report, String metric) {
        OptionalDouble value = report.metrics().find(metric);
        if (value.isEmpty()) {
            return "-";
        }
        String format = Math.abs(value.getAsDouble()) < WIDEST ? "%.4f" : "%.3e";
        return String.format(Locale.ROOT, format, value.getAsDouble());
    }

    private static String end(RunResult.End end) {
        return end == RunResult.End.NO_UPDATES
                ? "no update was accepted in any round: nothing was learned"
                : end.toString().toLowerCase(Locale.ROOT);
    }

    static void printSummary(PrintStream out, RunResult result, Optional<Double> target) {
        out.println();
        out.println("end             " + end(result.end()));
        out.println("test accuracy   "
                + (result.history().isEmpty()
                        ? "-"
                        : number(result.history().get(result.history().size() - 1), "test/accuracy")));
        out.printf(Locale.ROOT, "time            %.1f s%n", result.seconds());
        result.finalMetrics()
                .find("time/seconds")
                .ifPresent(clock -> out.printf(Locale.ROOT, "simulated time  %.1f s%n", clock));
        target.ifPresent(goal -> out.printf(
                Locale.ROOT,
                "time to %-6s  %s%n",
                goal,
                result.secondsTo("test/accuracy", goal).stream()
                        .mapToObj(clock -> String.format(Locale.ROOT, "%.1f s, simulated", clock))
                        .findAny()
                        .orElse("not reached on a simulated clock")));
        out.printf(Locale.ROOT, "bytes down      %,d%n", result.bytesDown());
        out.printf(Locale.ROOT, "bytes up        %,d%n", result.bytesUp());
        out.println("state SHA-256   " + result.stateSha256());
    }
}
