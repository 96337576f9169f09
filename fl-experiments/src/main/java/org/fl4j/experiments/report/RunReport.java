package org.fl4j.experiments.report;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.fl4j.execution.BottleneckReport;
import org.fl4j.execution.TaskRecord;
import org.fl4j.experiments.TrackedRuns;
import org.fl4j.experiments.TrackedRuns.Cost;
import org.fl4j.experiments.TrackedRuns.StoredRun;

/**
 * One HTML file about one run, without scripts or links to anything: curves, how clients differ, who held which
 * classes, who was at work when, bytes, privacy, resources, where the time went, what was left out, settings, versions
 * and hash.
 */
public final class RunReport {
    private static final int MOST_BARS = 600;
    private static final int MOST_EVENTS = 50;

    private final TrackedRuns runs;
    private final StoredRun run;
    private final Page page;

    private RunReport(TrackedRuns runs, StoredRun run) {
        this.runs = runs;
        this.run = run;
        page = new Page(run.experiment() + ": " + run.label() + ", seed " + run.seed());
    }

    /**
     * Writes the report.
     *
     * @param runs what was tracked
     * @param run which
     * @param partition the run's {@code partition.csv}, if it exists
     * @param file what to write
     */
    public static void write(TrackedRuns runs, StoredRun run, Path partition, Path file) {
        RunReport report = new RunReport(runs, run);
        report.summary();
        report.curves("Accuracy", ClientSplit.metrics("accuracy", "test/accuracy"));
        report.curves("Loss", ClientSplit.metrics("loss", "test/loss", "train/loss"));
        report.clients();
        if (Files.exists(partition)) {
            report.page.heading("Partition: examples by client (across) and class (down)");
            report.page.svg(HeatMap.of(partition));
        }
        report.clock();
        report.workers();
        report.bytes();
        report.privacy();
        report.curves(
                "Resources, shares in use",
                List.of("resource/cpu", "resource/memory", "resource/disk", "resource/gpu"));
        report.events();
        report.page.heading("Settings");
        report.page.table("field", "value", runs.settings(run.id()));
        report.page.heading("Versions");
        report.page.table("what", "version", runs.versions(run.id()));
        report.page.write(file);
    }

    private void summary() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("run", run.key());
        facts.put("status", run.status());
        facts.put("rounds", String.valueOf(run.rounds()));
        run.seconds().ifPresent(seconds -> facts.put("seconds", String.format(Locale.ROOT, "%.1f", seconds)));
        for (String metric : List.of("test/accuracy", "test/loss", "time/seconds", "privacy/epsilon")) {
            runs.last(run.id(), metric).ifPresent(value -> facts.put("last " + metric, Page.number(value)));
        }
        facts.put("megabytes sent", String.format(Locale.ROOT, "%.1f", runs.bytes(run.id()) / 1e6));
        run.stateSha256().ifPresent(hash -> facts.put("state SHA-256", hash));
        page.table("what", "value", facts);
    }

    /** Draws those metrics that there are, in one chart. */
    private void curves(String title, List<String> metrics) {
        Map<String, Map<Integer, Double>> curves = new LinkedHashMap<>();
        metrics.forEach(metric -> curves.put(metric, runs.metric(run.id(), metric)));
        draw(title, curves);
    }

    private void draw(String title, Map<String, Map<Integer, Double>> curves) {
        Map<String, List<Map<Integer, Double>>> drawn = new LinkedHashMap<>();
        curves.forEach((name, byRound) -> {
            Map<Integer, Double> finite = new TreeMap<>(byRound);
            finite.values().removeIf(value -> !Double.isFinite(value));
            if (finite.size() > 1) { // a single point is no curve
                drawn.put(name, List.of(finite));
            }
        });
        if (!drawn.isEmpty()) {
            page.heading(title);
            page.legend(drawn.keySet());
            page.svg(SvgChart.curves(drawn, title));
        }
    }

    /** How the model serves each client, and how often each was heard. */
    private void clients() {
        for (ClientSplit split : ClientSplit.ALL) {
            Collection<Double> accuracies =
                    runs.lastOfClients(run.id(), split.accuracy()).values();
            if (!accuracies.isEmpty()) {
                page.heading(split.heading());
                page.svg(Histogram.of(accuracies));
                page.table(Fairness.HEADS, List.of(Fairness.row(accuracies)));
            }
        }
        Map<Integer, Double> heard = new TreeMap<>();
        runs.clientMetrics(run.id(), "train/loss")
                .values()
                .forEach(ofRound -> ofRound.keySet().forEach(client -> heard.merge(client, 1.0, Double::sum)));
        if (!heard.isEmpty()) {
            page.heading("Rounds in which a client's update was folded, of those who had any");
            page.svg(Histogram.of(heard.values()));
        }
    }

    /** Who trained when on the simulated clock. */
    private void clock() {
        Map<Integer, Map<Integer, Double>> ends = runs.clientMetrics(run.id(), "time/client end");
        Map<Integer, Map<Integer, Double>> seconds = runs.clientMetrics(run.id(), "time/client seconds");
        List<Gantt.Bar> bars = new ArrayList<>();
        ends.forEach((round, ofRound) -> ofRound.forEach((client, end) ->
                bars.add(new Gantt.Bar(client, round, end - seconds.get(round).getOrDefault(client, 0.0), end))));
        if (!bars.isEmpty()) {
            List<Gantt.Bar> first = bars.subList(0, Math.min(MOST_BARS, bars.size()));
            page.heading("Simulated clock: clients at work, rounds 1 to " + lastRound(first) + cut(first, bars));
            page.svg(Gantt.of(first, "client"));
        }
    }

    private static String cut(List<?> shown, List<?> all) {
        return shown.size() < all.size() ? ", the first " + shown.size() + " of " + all.size() : "";
    }

    private static int lastRound(List<Gantt.Bar> bars) {
        return bars.stream().mapToInt(Gantt.Bar::round).max().orElseThrow();
    }

    /** Who worked when on this machine, and where the time went, since the run was last resumed. */
    private void workers() {
        int from = runs.lastSession(run.id());
        List<TaskRecord> tasks = runs.tasks(run.id()).stream()
                .filter(task -> task.attempts() > 0 && task.id().round() >= from)
                .toList();
        if (tasks.isEmpty()) {
            return;
        }
        List<TaskRecord> first = tasks.subList(0, Math.min(MOST_BARS, tasks.size()));
        Instant start =
                first.stream().map(TaskRecord::started).min(Instant::compareTo).orElseThrow();
        List<Gantt.Bar> bars = first.stream()
                .map(task -> new Gantt.Bar(
                        task.thread(),
                        task.id().round(),
                        seconds(start, task.ended().minus(task.runTime())), // of several attempts as if without waits
                        seconds(start, task.ended())))
                .toList();
        page.heading("This machine: threads at work, rounds " + from + " to " + lastRound(bars) + cut(first, tasks));
        page.svg(Gantt.of(bars, "thread"));
        int threads =
                (int) tasks.stream().mapToInt(TaskRecord::thread).distinct().count();
        page.heading("Where the time of all tasks went" + (from > 1 ? ", since round " + from : ""));
        page.preformatted(BottleneckReport.of(tasks, threads, 5).toString());
    }

    private static double seconds(Instant from, Instant to) {
        return Duration.between(from, to).toNanos() / 1e9;
    }

    private void bytes() {
        Map<Integer, Double> down = new TreeMap<>();
        Map<Integer, Double> up = new TreeMap<>();
        double downSoFar = 0;
        double upSoFar = 0;
        for (Map.Entry<Integer, Cost> round : runs.costs(run.id()).entrySet()) {
            downSoFar += round.getValue().bytesDown() / 1e6;
            upSoFar += round.getValue().bytesUp() / 1e6;
            down.put(round.getKey(), downSoFar);
            up.put(round.getKey(), upSoFar);
        }
        Map<String, Map<Integer, Double>> curves = new LinkedHashMap<>();
        curves.put("to clients", down);
        curves.put("from clients", up);
        draw("Megabytes sent so far", curves);
    }

    private void privacy() {
        List<String> names = runs.metricNames(run.id()).stream()
                .filter(name -> name.startsWith("privacy/"))
                .toList();
        if (!names.isEmpty()) {
            curves("Privacy spent: epsilon", List.of("privacy/epsilon"));
            page.heading("Privacy, last round");
            Map<String, String> last = new TreeMap<>();
            names.forEach(name -> runs.last(run.id(), name)
                    .ifPresent(value -> last.put(name, String.format(Locale.ROOT, "%.6g", value))));
            page.table("metric", "value", last);
        }
    }

    /** What happened to the run first, for it may explain the rest. */
    private void events() {
        List<TrackedRuns.Event> all = runs.events(run.id());
        List<TrackedRuns.Event> ofRun =
                all.stream().filter(event -> event.client() < 0).toList();
        if (ofRun.size() > 1) {
            page.heading("Sessions");
            table(ofRun);
        }
        List<TrackedRuns.Event> ofClients =
                all.stream().filter(event -> event.client() >= 0).toList();
        if (!ofClients.isEmpty()) {
            List<TrackedRuns.Event> first = ofClients.subList(0, Math.min(MOST_EVENTS, ofClients.size()));
            page.heading("Updates left out and clients that failed: " + ofClients.size() + cut(first, ofClients));
            table(first);
        }
    }

    private void table(List<TrackedRuns.Event> events) {
        page.table(
                List.of("#round", "#client", "what", "detail"),
                events.stream()
                        .map(event -> List.of(
                                String.valueOf(event.round()),
                                event.client() < 0 ? "-" : String.valueOf(event.client()),
                                event.kind(),
                                event.detail()))
                        .toList());
    }
}
