package org.fl4j.examples.command;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.fl4j.experiments.chart.RunChart;
import org.fl4j.internal.Check;
import org.fl4j.simulation.JsonLinesListener;
import org.fl4j.simulation.RoundReport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Draws what runs with {@code --out} wrote. */
@Command(
        name = "chart",
        mixinStandardHelpOptions = true,
        description = "Draws a metric of runs over simulated time, or the clients of one round, as PNG or SVG.")
final class ChartCommand implements Runnable {
    @Parameters(arity = "1..*", paramLabel = "DIR", description = "directories that runs wrote with --out")
    private List<Path> runs;

    @Option(names = "--metric", defaultValue = "test/accuracy", description = "(default: ${DEFAULT-VALUE})")
    private String metric;

    @Option(names = "--clients-of-round", description = "draws the clients of this round of the one run instead")
    private Integer round;

    @Option(names = "--file", required = true, description = "what to write, .png or .svg")
    private Path file;

    @Override
    public void run() {
        if (round == null) {
            Map<String, List<RoundReport>> reports = new LinkedHashMap<>();
            runs.forEach(run -> reports.put(name(run, runs), read(run)));
            RunChart.metricOverTime(reports, metric, file);
        } else {
            Check.that(runs.size() == 1, "directories of --clients-of-round", "one", runs.size());
            Optional<RoundReport> report = read(runs.get(0)).stream()
                    .filter(one -> one.round() == round)
                    .findFirst();
            Check.that(report.isPresent(), "round of " + runs.get(0), "one that was run", round);
            RunChart.clientsOfRound(report.orElseThrow(), file);
        }
        System.out.println(file);
    }

    private static List<RoundReport> read(Path run) {
        return JsonLinesListener.read(run.resolve("rounds.jsonl"));
    }

    /**
     * Returns what a run is called among others: its directory's name, or the whole path where two have the same name.
     */
    static String name(Path run, List<Path> all) {
        boolean shortNamesDiffer =
                all.stream().map(Path::getFileName).distinct().count() == all.size();
        return shortNamesDiffer ? String.valueOf(run.getFileName()) : run.toString();
    }
}
