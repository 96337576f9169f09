package org.fl4j.experiments.chart;

import java.awt.Color;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.fl4j.internal.Check;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** A chart of how a cost grows with a size, both on logarithmic axes: what grows in proportion is a straight line. */
public final class ScalingChart {
    private static final Color LINE = new Color(0x1f, 0x77, 0xb4);

    private ScalingChart() {}

    /**
     * Writes a chart.
     *
     * @param file ends in .png or .svg
     * @param size the title of the size, with its unit
     * @param cost the title of the cost, with its unit
     * @param costs by size, all positive; at least two
     */
    public static void write(Path file, String size, String cost, Map<Double, Double> costs) {
        Check.that(costs.size() >= 2, "costs", "at least two", costs);
        costs.forEach((x, y) -> {
            Check.positive("size", x);
            Check.positive("cost", y);
        });
        TreeMap<Double, Double> sorted = new TreeMap<>(costs);
        XYChart chart = new XYChartBuilder()
                .width(640)
                .height(400)
                .xAxisTitle(size)
                .yAxisTitle(cost)
                .build();
        chart.getStyler().setLocale(Locale.ROOT);
        chart.getStyler().setXAxisLogarithmic(true).setYAxisLogarithmic(true);
        double least =
                sorted.values().stream().mapToDouble(Double::doubleValue).min().orElseThrow();
        double most =
                sorted.values().stream().mapToDouble(Double::doubleValue).max().orElseThrow();
        chart.getStyler().setYAxisMin(Math.pow(10, Math.floor(Math.log10(least))));
        chart.getStyler().setYAxisMax(Math.pow(10, Math.ceil(Math.log10(most))));
        chart.getStyler().setLegendVisible(false);
        chart.getStyler().setChartBackgroundColor(Color.WHITE);
        XYSeries series = chart.addSeries(
                cost,
                sorted.keySet().stream().mapToDouble(Double::doubleValue).toArray(),
                sorted.values().stream().mapToDouble(Double::doubleValue).toArray());
        series.setMarker(SeriesMarkers.CIRCLE);
        series.setMarkerColor(LINE);
        series.setLineColor(LINE);
        ChartFile.write(chart, file);
    }
}
