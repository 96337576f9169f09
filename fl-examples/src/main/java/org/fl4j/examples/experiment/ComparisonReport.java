package org.fl4j.examples.experiment;

import ai.djl.engine.Engine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.fl4j.examples.experiment.TrackingStore.StoredRun;

/**
 * One HTML file about the runs of a store, without scripts or links to anything: curves with the spread over seeds, last values, how
 * clients differ, who held which classes, bytes, privacy and simulated time, settings, versions and hashes.
 */
public final class ComparisonReport {
    private static final String STYLE = """
            body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#222}
            h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2rem}
            table{border-collapse:collapse;width:100%;font-size:13px}
            th,td{padding:.3rem .6rem;border-bottom:1px solid #e5e5e5;text-align:left;vertical-align:top}
            td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
            svg{width:100%;height:auto}svg text{font:11px system-ui,sans-serif;fill:#555}
            .key{display:inline-block;width:.8em;height:.8em;border-radius:2px;margin-right:.4em}
            code{font-size:12px}.legend span{margin-right:1.2rem}
            """;

    private final TrackingStore store;
    private final Path directory;
    private final List<StoredRun> runs;
    private final StringBuilder html = new StringBuilder();

    private ComparisonReport(TrackingStore store, Path directory) {
        this.store = store;
        this.directory = directory;
        runs = store.runs();
    }

    /** Writes the report of all runs in a store. */
    public static void write(TrackingStore store, Path directory, Path file) {
        try {
            Files.writeString(file, new ComparisonReport(store, directory).page());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file + ": " + e.getMessage(), e);
        }
    }

    private Map<String, List<StoredRun>> groups() {
        return runs.stream().collect(Collectors.groupingBy(StoredRun::label, LinkedHashMap::new, Collectors.toList()));
    }

    private String page() {
        String title = runs.isEmpty() ? "no runs" : runs.get(0).experiment();
        html.append("<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>")
                .append(Html.text(title))
                .append("</title><style>")
                .append(STYLE)
                .append("</style></head><body><h1>")
                .append(Html.text(title))
                .append("</h1>");
        legend();
        for (String metric :
                List.of("test/accuracy", "test/loss", "train/loss", "client/accuracy", "privacy/epsilon")) {
            curves(metric);
        }
        lastValues();
        clients();
        partitions();
        everyRun();
        settings();
        html.append("<h2>Versions</h2><p>FL4J 0.1.0-SNAPSHOT, Java ")
                .append(Html.text(System.getProperty("java.version")))
                .append(", ")
                .append(Html.text(System.getProperty("os.name") + " " + System.getProperty("os.arch")))
                .append(", DJL ")
                .append(Html.text(Engine.getDjlVersion()))
                .append("</p></body></html>\n");
        return html.toString();
    }

    private void legend() {
        html.append("<p class=\"legend\">");
        int number = 0;
        for (Map.Entry<String, List<StoredRun>> group : groups().entrySet()) {
            html.append("<span><i class=\"key\" style=\"background:")
                    .append(SvgChart.color(number++))
                    .append("\"></i>")
                    .append(Html.text(group.getKey()))
                    .append(" (")
                    .append(group.getValue().size())
                    .append(" seeds)</span>");
        }
        html.append("</p>");
    }

    private void curves(String metric) {
        Map<String, List<Map<Integer, Double>>> curves = new LinkedHashMap<>();
        boolean any = false;
        for (Map.Entry<String, List<StoredRun>> group : groups().entrySet()) {
            List<Map<Integer, Double>> ofGroup = new ArrayList<>();
            for (StoredRun run : group.getValue()) {
                Map<Integer, Double> byRound = new TreeMap<>(store.metric(run.id(), metric));
                byRound.values().removeIf(value -> !Double.isFinite(value));
                any |= byRound.size() > 1; // a single point is no curve
                ofGroup.add(byRound);
            }
            curves.put(group.getKey(), ofGroup);
        }
        if (any) {
            html.append("<h2>").append(Html.text(metric)).append("</h2>").append(SvgChart.curves(curves, metric));
        }
    }

    private OptionalDouble last(StoredRun run, String metric) {
        return store.metric(run.id(), metric).values().stream()
                .mapToDouble(value -> value)
                .reduce((earlier, later) -> later);
    }

    private void lastValues() {
        html.append("<h2>Last round, mean over seeds (least to most)</h2><table><tr><th>what</th>");
        List<String> metrics =
                List.of("test/accuracy", "test/loss", "client/accuracy", "privacy/epsilon", "time/seconds");
        List<String> there = metrics.stream()
                .filter(metric ->
                        runs.stream().anyMatch(run -> last(run, metric).isPresent()))
                .toList();
        there.forEach(metric ->
                html.append("<th class=\"n\">").append(Html.text(metric)).append("</th>"));
        html.append("</tr>");
        groups().forEach((label, ofGroup) -> {
            html.append("<tr><td>").append(Html.text(label)).append("</td>");
            for (String metric : there) {
                double[] values = ofGroup.stream()
                        .map(run -> last(run, metric))
                        .filter(OptionalDouble::isPresent)
                        .mapToDouble(OptionalDouble::getAsDouble)
                        .toArray();
                html.append("<td class=\"n\">");
                if (values.length > 0) {
                    html.append(String.format(
                            Locale.ROOT,
                            "%.4f (%.4f to %.4f)",
                            Arrays.stream(values).average().orElseThrow(),
                            Arrays.stream(values).min().orElseThrow(),
                            Arrays.stream(values).max().orElseThrow()));
                }
                html.append("</td>");
            }
            html.append("</tr>");
        });
        html.append("</table>");
    }

    /** How accurate the model is on each client's own data: quartiles, and the spread that fairness looks at. */
    private void clients() {
        boolean heading = false;
        for (Map.Entry<String, List<StoredRun>> group : groups().entrySet()) {
            double[] values = group.getValue().stream()
                    .flatMap(run -> store.clientMetric(run.id(), "client/accuracy").values().stream())
                    .mapToDouble(value -> value)
                    .sorted()
                    .toArray();
            if (values.length == 0) {
                continue;
            }
            if (!heading) {
                html.append(
                        "<h2>Accuracy on clients' own data, last round</h2><table><tr><th>what</th><th class=\"n\">clients</th>"
                                + "<th class=\"n\">worst</th><th class=\"n\">lower quartile</th><th class=\"n\">median</th>"
                                + "<th class=\"n\">upper quartile</th><th class=\"n\">best</th><th class=\"n\">standard deviation</th></tr>");
                heading = true;
            }
            double mean = Arrays.stream(values).average().orElseThrow();
            double deviation = Math.sqrt(Arrays.stream(values)
                    .map(x -> (x - mean) * (x - mean))
                    .average()
                    .orElseThrow());
            html.append("<tr><td>")
                    .append(Html.text(group.getKey()))
                    .append("</td><td class=\"n\">")
                    .append(values.length);
            for (double quantile : new double[] {0, .25, .5, .75, 1}) {
                html.append("</td><td class=\"n\">")
                        .append(String.format(
                                Locale.ROOT, "%.4f", values[(int) Math.round(quantile * (values.length - 1))]));
            }
            html.append("</td><td class=\"n\">")
                    .append(String.format(Locale.ROOT, "%.4f", deviation))
                    .append("</td></tr>");
        }
        html.append(heading ? "</table>" : "");
    }

    /** Who held how many examples of each class, for each partition of the first seed. */
    private void partitions() {
        TreeSet<String> drawn = new TreeSet<>();
        for (StoredRun run : runs) {
            Map<String, String> settings = store.settings(run.id());
            String name = settings.getOrDefault("data.partition", "");
            Path file = directory.resolve("runs").resolve(run.key()).resolve("partition.csv");
            if (Files.exists(file) && drawn.add(name)) {
                html.append("<h2>Partition ")
                        .append(Html.text(name))
                        .append(", seed ")
                        .append(run.seed())
                        .append(": examples by client (across) and class (down)</h2>")
                        .append(heatMap(file));
            }
        }
    }

    private static String heatMap(Path file) {
        List<String[]> rows = new ArrayList<>();
        try {
            Files.readAllLines(file).forEach(line -> rows.add(line.split(",", -1)));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
        List<Integer> columns = new ArrayList<>();
        for (int column = 0; column < rows.get(0).length; column++) {
            if (rows.get(0)[column].startsWith("class")) {
                columns.add(column);
            }
        }
        int clients = rows.size() - 1;
        double most = 1;
        for (String[] row : rows.subList(1, rows.size())) {
            for (int column : columns) {
                most = Math.max(most, Double.parseDouble(row[column]));
            }
        }
        StringBuilder svg = new StringBuilder(String.format(
                Locale.ROOT,
                "<svg viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" style=\"height:160px\">",
                clients,
                columns.size()));
        for (int client = 0; client < clients; client++) {
            for (int i = 0; i < columns.size(); i++) {
                double share = Double.parseDouble(rows.get(client + 1)[columns.get(i)]) / most;
                if (share > 0) {
                    svg.append(String.format(
                            Locale.ROOT,
                            "<rect x=\"%d\" y=\"%d\" width=\"1.02\" height=\"1.02\" fill=\"#1f77b4\" opacity=\"%.3f\"/>",
                            client,
                            i,
                            Math.max(.05, share)));
                }
            }
        }
        return svg.append("</svg>").toString();
    }

    private void everyRun() {
        html.append(
                "<h2>Runs</h2><table><tr><th>what</th><th class=\"n\">seed</th><th>status</th><th class=\"n\">rounds</th>"
                        + "<th class=\"n\">seconds</th><th class=\"n\">megabytes sent</th><th>model SHA-256</th></tr>");
        for (StoredRun run : runs) {
            html.append(String.format(
                    Locale.ROOT,
                    "<tr><td>%s</td><td class=\"n\">%d</td><td>%s</td><td class=\"n\">%d</td><td class=\"n\">%s</td>"
                            + "<td class=\"n\">%.1f</td><td><code>%s</code></td></tr>",
                    Html.text(run.label()),
                    run.seed(),
                    Html.text(run.status()),
                    run.rounds(),
                    run.seconds()
                            .map(seconds -> String.format(Locale.ROOT, "%.1f", seconds))
                            .orElse("-"),
                    store.bytes(run.id()) / 1e6,
                    run.modelSha256().orElse("-")));
        }
        html.append("</table>");
    }

    /** Settings that all runs have in common, and those that differ. */
    private void settings() {
        Map<String, TreeSet<String>> values = new TreeMap<>();
        runs.forEach(run -> store.settings(run.id())
                .forEach((name, value) ->
                        values.computeIfAbsent(name, any -> new TreeSet<>()).add(value)));
        html.append("<h2>Settings</h2><table><tr><th>field</th><th>value</th></tr>");
        values.forEach((name, of) -> html.append("<tr><td><code>")
                .append(Html.text(name))
                .append("</code></td><td>")
                .append(Html.text(String.join(", ", of)))
                .append("</td></tr>"));
        html.append("</table>");
    }
}
