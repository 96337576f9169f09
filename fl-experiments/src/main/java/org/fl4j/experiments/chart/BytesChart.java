package org.fl4j.experiments.chart;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.fl4j.internal.Check;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** A chart of what is reached for how many bytes, which are on a logarithmic axis. */
public final class BytesChart {
    private BytesChart() {}

    /**
     * A point of a curve.
     *
     * @param megabytes sent so far
     * @param value of the metric then
     */
    public record Point(double megabytes, double value) {
        /** Returns the mean of some points, at least one. */
        public static Point mean(List<Point> points) {
            Check.that(!points.isEmpty(), "points", "at least one", points);
            return new Point(
                    points.stream().mapToDouble(Point::megabytes).average().orElseThrow(),
                    points.stream().mapToDouble(Point::value).average().orElseThrow());
        }
    }

    /**
     * Writes a chart.
     *
     * @param file ends in .png or .svg
     * @param metric the title of the values
     * @param curves by name; points without bytes, such as those of before the first round, are left out
     * @throws IllegalArgumentException if no curve has a point
     */
    public static void write(Path file, String metric, Map<String, List<Point>> curves) {
        XYChart chart = RunChart.chart(metric + " over what clients sent", "megabytes from all clients", metric);
        chart.getStyler().setXAxisLogarithmic(true);
        curves.forEach((name, all) -> {
            List<Point> points =
                    all.stream().filter(point -> point.megabytes() > 0).toList();
            if (!points.isEmpty()) {
                chart.addSeries(
                                name,
                                points.stream().map(Point::megabytes).toList(),
                                points.stream().map(Point::value).toList())
                        .setMarker(SeriesMarkers.NONE);
            }
        });
        Check.that(!chart.getSeriesMap().isEmpty(), "curves", "of rounds in which clients sent something", curves);
        ChartFile.write(chart, file);
    }
}
