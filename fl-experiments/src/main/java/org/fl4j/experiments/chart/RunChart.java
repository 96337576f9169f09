package org.fl4j.experiments.chart;

import java.awt.BasicStroke;
import java.awt.Color;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.fl4j.message.ClientId;
import org.fl4j.message.Rejection;
import org.fl4j.message.RejectionReason;
import org.fl4j.metrics.Metrics;
import org.fl4j.server.Clock;
import org.fl4j.simulation.RoundReport;
import org.fl4j.world.ClientTimes;
import org.knowm.xchart.AnnotationText;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Charts of what runs on a simulated clock reported. */
public final class RunChart {
    private static final Color DONE = new Color(0x1f, 0x77, 0xb4);
    private static final Color LATE = new Color(0xd6, 0x27, 0x28);

    private RunChart() {}

    /**
     * Draws a metric over simulated time, one curve a run: time to accuracy.
     *
     * @param runs reports by the run's name
     * @param metric such as {@code test/accuracy}; rounds without it are left out
     * @param file to write, {@code .png} or {@code .svg}
     * @throws IllegalArgumentException if a run has no round with this metric on a simulated clock
     */
    public static void metricOverTime(Map<String, List<RoundReport>> runs, String metric, Path file) {
        XYChart chart = chart(metric + " over simulated time", "simulated seconds", metric);
        runs.forEach((name, reports) -> {
            List<Double> seconds = new ArrayList<>();
            List<Double> values = new ArrayList<>();
            for (RoundReport report : reports) {
                Metrics metrics = report.metrics();
                if (metrics.find(Clock.SECONDS).isPresent()
                        && metrics.find(metric).isPresent()) {
                    seconds.add(metrics.value(Clock.SECONDS));
                    values.add(metrics.value(metric));
                }
            }
            if (seconds.isEmpty()) {
                throw new IllegalArgumentException("run " + name + " must have rounds with " + metric + " and "
                        + Clock.SECONDS + ", but has none");
            }
            chart.addSeries(name, seconds, values).setMarker(SeriesMarkers.NONE);
        });
        ChartFile.write(chart, file);
    }

    /**
     * Draws a round's clients as bars over simulated time (a Gantt chart): who arrived, from start to arrival, and who
     * was late, from the round's start to its end.
     *
     * @param report of a round on a simulated clock
     * @param file to write, {@code .png} or {@code .svg}
     * @throws IllegalArgumentException if the round was on no simulated clock, or nobody was in it
     */
    public static void clientsOfRound(RoundReport report, Path file) {
        Map<ClientId, double[]> bars = new TreeMap<>();
        report.clients()
                .forEach((client, metrics) -> metrics.find(ClientTimes.END.name())
                        .ifPresent(end ->
                                bars.put(client, new double[] {end - metrics.value(ClientTimes.SECONDS.name()), end})));
        if (report.metrics().find("time/round seconds").isPresent()) {
            double end = report.metrics().value(Clock.SECONDS);
            double start = end - report.metrics().value("time/round seconds");
            for (Rejection rejection : report.rejected()) {
                if (rejection.reason() == RejectionReason.LATE) {
                    bars.put(rejection.client(), new double[] {start, end});
                }
            }
        }
        if (bars.isEmpty()) {
            throw new IllegalArgumentException("round " + report.round()
                    + " must have clients on a simulated clock, but has none: metric " + ClientTimes.END.name());
        }
        XYChart chart = chart("clients of round " + report.round(), "simulated seconds", "client");
        chart.getStyler().setLegendVisible(false);
        chart.getStyler().setYAxisMin(-.5).setYAxisMax(bars.size() - .5);
        chart.getStyler().setYAxisTicksVisible(false);
        double width = bars.values().stream().mapToDouble(bar -> bar[1]).max().orElse(0)
                - bars.values().stream().mapToDouble(bar -> bar[0]).min().orElse(0);
        int row = 0;
        for (Map.Entry<ClientId, double[]> bar : bars.entrySet()) {
            XYSeries series = chart.addSeries(bar.getKey().toString(), bar.getValue(), new double[] {row, row});
            series.setMarker(SeriesMarkers.NONE)
                    .setLineStyle(new BasicStroke(
                            Math.max(2, 400f / bars.size() * .7f), BasicStroke.CAP_BUTT, BasicStroke.JOIN_BEVEL))
                    .setLineColor(report.clients().containsKey(bar.getKey()) ? DONE : LATE);
            String name = String.valueOf(bar.getKey().index());
            chart.addAnnotation(new AnnotationText(
                    name, bar.getValue()[0] - .02 * width, row++, /* isValueInScreenSpace= */ false));
        }
        ChartFile.write(chart, file);
    }

    static XYChart chart(String title, String x, String y) {
        XYChart chart = new XYChartBuilder()
                .width(900)
                .height(560)
                .title(title)
                .xAxisTitle(x)
                .yAxisTitle(y)
                .build();
        chart.getStyler().setLocale(Locale.ROOT); // of the numbers beside the axes
        chart.getStyler().setLegendPosition(Styler.LegendPosition.OutsideE);
        chart.getStyler().setChartBackgroundColor(Color.WHITE);
        return chart;
    }
}
