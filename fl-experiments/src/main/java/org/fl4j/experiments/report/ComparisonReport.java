package org.fl4j.experiments.report;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.fl4j.experiments.TrackedRuns;
import org.fl4j.experiments.TrackedRuns.StoredRun;

/**
 * One HTML file about the runs of a store, without scripts or links to anything: curves with the spread over seeds,
 * last values, how clients differ, who held which classes, bytes, privacy and simulated time, settings, versions and
 * hashes.
 */
public final class ComparisonReport {
    private final TrackedRuns runs;
    private final List<StoredRun> all;
    private final Map<String, List<StoredRun>> groups;
    private final Page page;

    private ComparisonReport(TrackedRuns runs) {
        this.runs = runs;
        all = runs.all();
        groups = all.stream().collect(Collectors.groupingBy(StoredRun::label, LinkedHashMap::new, Collectors.toList()));
        page = new Page(all.isEmpty() ? "no runs" : all.get(0).experiment());
    }

    /**
     * Writes the report of all runs.
     *
     * @param runs what was tracked
     * @param partitions gives the {@code partition.csv} of a run, which need not exist
     * @param file what to write
     */
    public static void write(TrackedRuns runs, Function<StoredRun, Path> partitions, Path file) {
        ComparisonReport report = new ComparisonReport(runs);
        report.page.legend(report.groups.entrySet().stream()
                .map(group -> group.getKey() + " (" + finished(group.getValue()).size() + " of "
                        + group.getValue().size() + " seeds finished)")
                .toList());
        ClientSplit.metrics("accuracy", "test/accuracy", "test/loss", "train/loss")
                .forEach(report::curves);
        report.curves("privacy/epsilon");
        report.lastValues();
        ClientSplit.ALL.forEach(report::clients);
        report.partitions(partitions);
        report.everyRun();
        report.page.heading("Settings");
        report.page.table("field", "values", report.merged(runs::settings));
        report.page.heading("Versions");
        report.page.table("what", "versions", report.merged(runs::versions));
        report.page.write(file);
    }

    /** Those whose last round is the end. */
    private static List<StoredRun> finished(List<StoredRun> runs) {
        return runs.stream().filter(StoredRun::isFinished).toList();
    }

    private void curves(String metric) {
        Map<String, List<Map<Integer, Double>>> curves = new LinkedHashMap<>();
        boolean any = false;
        for (Map.Entry<String, List<StoredRun>> group : groups.entrySet()) {
            List<Map<Integer, Double>> ofGroup = new ArrayList<>();
            for (StoredRun run : group.getValue()) {
                Map<Integer, Double> byRound = new TreeMap<>(runs.metric(run.id(), metric));
                byRound.values().removeIf(value -> !Double.isFinite(value));
                any |= byRound.size() > 1; // a single point is no curve
                ofGroup.add(byRound);
            }
            curves.put(group.getKey(), ofGroup);
        }
        if (any) {
            page.heading(metric);
            page.svg(SvgChart.curves(curves, metric));
        }
    }

    private void lastValues() {
        List<String> metrics = Stream.concat(
                        ClientSplit.metrics("accuracy", "test/accuracy", "test/loss").stream(),
                        Stream.of("privacy/epsilon", "time/seconds"))
                .filter(metric ->
                        all.stream().anyMatch(run -> runs.last(run.id(), metric).isPresent()))
                .toList();
        List<String> heads = new ArrayList<>(List.of("what"));
        metrics.forEach(metric -> heads.add("#" + metric));
        List<List<String>> rows = new ArrayList<>();
        groups.forEach((label, ofGroup) -> {
            List<String> row = new ArrayList<>(List.of(label));
            metrics.forEach(metric -> row.add(spread(finished(ofGroup).stream()
                    .map(run -> runs.last(run.id(), metric))
                    .flatMap(Optional::stream)
                    .mapToDouble(value -> value)
                    .toArray())));
            rows.add(row);
        });
        page.heading("Last round of finished runs, mean over seeds (least to most)");
        page.table(heads, rows);
    }

    private static String spread(double... values) {
        return values.length == 0
                ? ""
                : String.format(
                        Locale.ROOT,
                        "%.4f (%.4f to %.4f)",
                        Arrays.stream(values).average().orElseThrow(),
                        Arrays.stream(values).min().orElseThrow(),
                        Arrays.stream(values).max().orElseThrow());
    }

    /** How accurate the model is on each client's own examples, clients of all seeds together. */
    private void clients(ClientSplit split) {
        List<String> heads = new ArrayList<>(List.of("what"));
        heads.addAll(Fairness.HEADS);
        List<List<String>> rows = new ArrayList<>();
        groups.forEach((label, ofGroup) -> {
            List<Double> values = finished(ofGroup).stream()
                    .flatMap(run -> runs.lastOfClients(run.id(), split.accuracy()).values().stream())
                    .toList();
            if (!values.isEmpty()) {
                List<String> row = new ArrayList<>(List.of(label));
                row.addAll(Fairness.row(values));
                rows.add(row);
            }
        });
        if (!rows.isEmpty()) {
            page.heading(split.heading());
            page.table(heads, rows);
        }
    }

    /** Who held how many examples of each class, for each partition of the first seed. */
    private void partitions(Function<StoredRun, Path> partitions) {
        TreeSet<String> drawn = new TreeSet<>();
        for (StoredRun run : all) {
            Map<String, String> settings = runs.settings(run.id());
            String name = Stream.of("data.partition", "data.clients", "data.set", "data.source")
                    .map(field -> settings.getOrDefault(field, ""))
                    .collect(Collectors.joining(" "));
            if (Files.exists(partitions.apply(run)) && drawn.add(name)) {
                page.heading("Partition " + settings.get("data.partition") + " for " + settings.get("data.clients")
                        + " clients, seed " + run.seed()
                        + ": examples by client (across) and class (down)");
                page.svg(HeatMap.of(partitions.apply(run)));
            }
        }
    }

    private void everyRun() {
        page.heading("Runs");
        page.table(
                List.of("what", "#seed", "run", "status", "#rounds", "#seconds", "#megabytes sent", "state SHA-256"),
                all.stream()
                        .map(run -> List.of(
                                run.label(),
                                String.valueOf(run.seed()),
                                run.key(),
                                run.status(),
                                String.valueOf(run.rounds()),
                                run.seconds()
                                        .map(seconds -> String.format(Locale.ROOT, "%.1f", seconds))
                                        .orElse("-"),
                                String.format(Locale.ROOT, "%.1f", runs.bytes(run.id()) / 1e6),
                                run.stateSha256().orElse("-")))
                        .toList());
    }

    /** What runs have in common is there once, what differs is listed. */
    private Map<String, String> merged(Function<Integer, Map<String, String>> ofRun) {
        Map<String, TreeSet<String>> values = new TreeMap<>();
        all.forEach(run -> ofRun.apply(run.id())
                .forEach((name, value) ->
                        values.computeIfAbsent(name, any -> new TreeSet<>()).add(value)));
        Map<String, String> joined = new TreeMap<>();
        values.forEach((name, of) -> joined.put(name, String.join(", ", of)));
        return joined;
    }
}
