package org.fl4j.examples.command;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.DoubleSummaryStatistics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.fl4j.experiments.TrackedRuns;
import org.fl4j.experiments.TrackedRuns.StoredRun;
import org.fl4j.experiments.TrackingStore;
import org.fl4j.experiments.chart.BytesChart;
import org.fl4j.internal.Check;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Compares groups of runs, which differ in their seeds alone. */
@Command(
        name = "compare",
        mixinStandardHelpOptions = true,
        description = "Compares what was swept: mean and spread over seeds, of a metric's last value and of what"
                + " clients sent.")
final class CompareCommand implements Runnable {
    private static final String ACCURACY = "test/accuracy";
    private static final double MEGABYTE = 1e6;

    @Mixin
    private StoreDirectory directory;

    @Option(
            names = "--metric",
            description = "(default: test/accuracy, and what clients measured of the models that they use)")
    private String metric;

    @Option(
            names = "--chart",
            paramLabel = "FILE",
            description = "also draws the metric, or test/accuracy, over the bytes that clients sent, as .png or .svg")
    private Path chart;

    @Override
    public void run() {
        try (TrackingStore store = directory.open()) {
            TrackedRuns runs = store.read();
            Set<String> known = new TreeSet<>();
            runs.all().forEach(run -> known.addAll(runs.metricNames(run.id())));
            if (metric != null) {
                Check.oneOf("metric", known, metric);
            }
            long unfinished =
                    runs.all().stream().filter(run -> !run.isFinished()).count();
            if (unfinished > 0) {
                System.out.println(unfinished + " of " + runs.all().size() + " runs are not finished and left out");
            }
            List<String> shown = metric == null
                    ? known.stream()
                            .filter(name -> name.equals(ACCURACY) || name.matches("(client|held-out)/.*/accuracy"))
                            .sorted(Comparator.comparing((String name) -> !name.equals(ACCURACY)))
                            .toList()
                    : List.of(metric);
            if (shown.isEmpty()) {
                Check.oneOf("metric", known, ACCURACY); // says which there are
            }
            Map<String, List<StoredRun>> groups = runs.all().stream()
                    .filter(StoredRun::isFinished)
                    .collect(Collectors.groupingBy(StoredRun::label, LinkedHashMap::new, Collectors.toList()));
            shown.forEach(name ->
                    print(name, groups, run -> runs.last(run.id(), name).orElse(Double.NaN)));
            if (metric == null || chart != null) {
                print("megabytes from clients", groups, run -> sentInAll(runs, run));
            }
            if (chart != null) {
                BytesChart.write(chart, shown.get(0), curves(shown.get(0), groups, runs));
                System.out.println(chart);
            }
        }
    }

    /** Prints a line for each group; runs without the value are left out. */
    private static void print(String what, Map<String, List<StoredRun>> groups, Function<StoredRun, Double> valueOf) {
        System.out.printf(
                Locale.ROOT, "%-40s %6s %10s %10s %10s %10s%n", what, "seeds", "mean", "deviation", "least", "most");
        groups.forEach((label, runs) -> {
            List<Double> values =
                    runs.stream().map(valueOf).filter(value -> !value.isNaN()).toList();
            if (values.isEmpty()) {
                return;
            }
            DoubleSummaryStatistics all = values.stream().mapToDouble(x -> x).summaryStatistics();
            System.out.printf(
                    Locale.ROOT,
                    "%-40s %6d %10.4f %10s %10.4f %10.4f%n",
                    label,
                    values.size(),
                    all.getAverage(),
                    deviation(values, all.getAverage()),
                    all.getMin(),
                    all.getMax());
        });
    }

    /** Returns the standard deviation of a sample, which one value alone does not have. */
    private static String deviation(List<Double> values, double mean) {
        double squares =
                values.stream().mapToDouble(x -> (x - mean) * (x - mean)).sum();
        return values.size() < 2 ? "-" : String.format(Locale.ROOT, "%.4f", Math.sqrt(squares / (values.size() - 1)));
    }

    private static double sentInAll(TrackedRuns runs, StoredRun run) {
        return sent(runs, run).values().stream()
                .reduce((earlier, later) -> later)
                .orElse(Double.NaN);
    }

    /** Returns how many megabytes clients had sent after each round. */
    private static Map<Integer, Double> sent(TrackedRuns runs, StoredRun run) {
        Map<Integer, Double> sent = new TreeMap<>();
        double megabytes = 0;
        for (Map.Entry<Integer, TrackedRuns.Cost> round : runs.costs(run.id()).entrySet()) {
            megabytes += round.getValue().bytesUp() / MEGABYTE;
            sent.put(round.getKey(), megabytes);
        }
        return sent;
    }

    /** Returns for each group the means over its runs, round by round. */
    private static Map<String, List<BytesChart.Point>> curves(
            String metric, Map<String, List<StoredRun>> groups, TrackedRuns runs) {
        Map<String, List<BytesChart.Point>> curves = new LinkedHashMap<>();
        groups.forEach((label, ofGroup) -> {
            Map<Integer, List<BytesChart.Point>> byRound = new TreeMap<>();
            for (StoredRun run : ofGroup) {
                Map<Integer, Double> sent = sent(runs, run);
                runs.metric(run.id(), metric)
                        .forEach((round, value) -> byRound.computeIfAbsent(round, any -> new ArrayList<>())
                                .add(new BytesChart.Point(sent.getOrDefault(round, 0.0), value)));
            }
            curves.put(
                    label, byRound.values().stream().map(BytesChart.Point::mean).toList());
        });
        return curves;
    }
}
