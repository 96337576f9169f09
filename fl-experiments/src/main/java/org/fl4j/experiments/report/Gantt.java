package org.fl4j.experiments.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Who was at work when: a row for each client or thread, a bar for each task, coloured by round. */
final class Gantt {
    private static final int WIDTH = 760;
    private static final int LEFT = 80;
    private static final int MOST_ROWS = 60;

    private Gantt() {}

    /** Something that lasted from one second to another. */
    record Bar(int row, int round, double from, double to) {}

    /**
     * Draws bars.
     *
     * @param bars not empty
     * @param rowName what a row is, such as {@code client}
     */
    static String of(List<Bar> bars, String rowName) {
        double start = bars.stream().mapToDouble(Bar::from).min().orElseThrow();
        double end = bars.stream().mapToDouble(Bar::to).max().orElseThrow();
        TreeMap<Integer, List<Bar>> rows = new TreeMap<>();
        bars.forEach(
                bar -> rows.computeIfAbsent(bar.row(), any -> new ArrayList<>()).add(bar));
        int shown = Math.min(MOST_ROWS, rows.size());
        int thickness = shown > 20 ? 8 : 16;
        int height = shown * thickness + 30;
        double scale = (WIDTH - LEFT - 10) / Math.max(1e-9, end - start);
        StringBuilder svg = new StringBuilder(String.format(
                Locale.ROOT, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"time line\">", WIDTH, height));
        int y = 0;
        for (Map.Entry<Integer, List<Bar>> row : rows.entrySet()) {
            if (y == shown * thickness) {
                break;
            }
            svg.append(String.format(
                    Locale.ROOT,
                    "<text x=\"%d\" y=\"%d\" text-anchor=\"end\" style=\"font-size:%dpx\">%s %d</text>",
                    LEFT - 6,
                    y + thickness - 2,
                    thickness > 8 ? 11 : 7,
                    Html.text(rowName),
                    row.getKey()));
            for (Bar bar : row.getValue()) {
                svg.append(String.format(
                        Locale.ROOT,
                        "<rect x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\" fill=\"%s\"><title>round %d,"
                                + " %.3f to %.3f s</title></rect>",
                        LEFT + (bar.from() - start) * scale,
                        y + 1,
                        Math.max(.5, (bar.to() - bar.from()) * scale),
                        thickness - 2,
                        SvgChart.color(bar.round()),
                        bar.round(),
                        bar.from(),
                        bar.to()));
            }
            y += thickness;
        }
        for (int i = 0; i <= 4; i++) {
            double seconds = start + (end - start) * i / 4;
            svg.append(String.format(
                    Locale.ROOT,
                    "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%.4g s</text>",
                    LEFT + (seconds - start) * scale,
                    y + 18,
                    i == 0 ? "start" : i == 4 ? "end" : "middle",
                    seconds));
        }
        svg.append("</svg>");
        if (rows.size() > shown) {
            svg.append("<p>and ").append(rows.size() - shown).append(" more rows</p>");
        }
        return svg.toString();
    }
}
