package org.fl4j.experiments.report;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Curves of groups of runs as SVG: the mean over seeds, and from the least to the most of them as a band. */
final class SvgChart {
    private static final int WIDTH = 760;
    private static final int HEIGHT = 320;
    private static final int LEFT = 60;
    private static final int BOTTOM = 40;
    private static final int TOP = 10;
    private static final List<String> COLORS = List.of(
            "#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#e377c2", "#7f7f7f",
            "#bcbd22");

    private SvgChart() {}

    static String color(int group) {
        return COLORS.get(group % COLORS.size());
    }

    /** Draws each group's runs, values by round. */
    static String curves(Map<String, List<Map<Integer, Double>>> groups, String y) {
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        int last = 1;
        for (List<Map<Integer, Double>> runs : groups.values()) {
            for (Map<Integer, Double> run : runs) {
                for (Map.Entry<Integer, Double> point : run.entrySet()) {
                    low = Math.min(low, point.getValue());
                    high = Math.max(high, point.getValue());
                    last = Math.max(last, point.getKey());
                }
            }
        }
        if (high <= low) {
            high = low + 1;
        }
        Frame frame = new Frame(last, low, high);
        StringBuilder svg = new StringBuilder(String.format(
                Locale.ROOT,
                "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">",
                WIDTH,
                HEIGHT,
                Html.text(y)));
        frame.axes(svg, y);
        int number = 0;
        for (List<Map<Integer, Double>> runs : groups.values()) {
            group(svg, frame, runs, color(number++));
        }
        return svg.append("</svg>").toString();
    }

    private static void group(StringBuilder svg, Frame frame, List<Map<Integer, Double>> runs, String color) {
        TreeMap<Integer, double[]> spread = new TreeMap<>(); // least, sum, most, count
        for (Map<Integer, Double> run : runs) {
            run.forEach((round, value) -> spread.merge(round, new double[] {value, value, value, 1}, (a, b) ->
                    new double[] {Math.min(a[0], b[0]), a[1] + b[1], Math.max(a[2], b[2]), a[3] + b[3]}));
        }
        StringBuilder band = new StringBuilder();
        StringBuilder mean = new StringBuilder();
        spread.forEach((round, of) -> {
            band.append(frame.point(round, of[2]));
            mean.append(frame.point(round, of[1] / of[3]));
        });
        spread.descendingMap().forEach((round, of) -> band.append(frame.point(round, of[0])));
        svg.append("<polygon fill=\"")
                .append(color)
                .append("\" opacity=\"0.15\" points=\"")
                .append(band)
                .append("\"/>");
        svg.append("<polyline fill=\"none\" stroke=\"")
                .append(color)
                .append("\" stroke-width=\"2\" points=\"")
                .append(mean)
                .append("\"/>");
    }

    /** Where values are drawn. */
    private record Frame(int rounds, double low, double high) {
        double x(double round) {
            return LEFT + (WIDTH - LEFT - 10) * (round - 1) / Math.max(1, rounds - 1);
        }

        double y(double value) {
            return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * (value - low) / (high - low);
        }

        String point(int round, double value) {
            return String.format(Locale.ROOT, "%.1f,%.1f ", x(round), y(value));
        }

        void axes(StringBuilder svg, String title) {
            for (int i = 0; i <= 4; i++) {
                double value = low + (high - low) * i / 4;
                svg.append(String.format(
                        Locale.ROOT,
                        "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/><text x=\"%d\" y=\"%.1f\""
                                + " text-anchor=\"end\">%.3f</text>",
                        LEFT,
                        WIDTH - 10,
                        y(value),
                        y(value),
                        LEFT - 6,
                        y(value) + 4,
                        value));
                int round = (int) Math.round(1 + (rounds - 1) * i / 4.0);
                svg.append(String.format(
                        Locale.ROOT,
                        "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%d</text>",
                        x(round),
                        HEIGHT - BOTTOM + 18,
                        round));
            }
            svg.append(String.format(
                    Locale.ROOT,
                    "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">round</text><text transform=\"translate(14"
                            + " %d) rotate(-90)\""
                            + " text-anchor=\"middle\">%s</text>",
                    (LEFT + WIDTH) / 2,
                    HEIGHT - 4,
                    HEIGHT / 2,
                    Html.text(title)));
        }
    }
}
