package org.fl4j.experiments.report;

import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;

/** How many clients have which value. */
final class Histogram {
    private static final int BINS = 20;
    private static final int WIDTH = 760;
    private static final int HEIGHT = 160;
    private static final int BOTTOM = 20;

    private Histogram() {}

    /** Draws twenty bars from the least value to the most. */
    static String of(Collection<Double> values) {
        double low = values.stream().mapToDouble(value -> value).min().orElseThrow();
        double high = values.stream().mapToDouble(value -> value).max().orElseThrow();
        double width = high > low ? (high - low) / BINS : 1;
        int[] counts = new int[BINS];
        values.forEach(value -> counts[Math.min(BINS - 1, (int) ((value - low) / width))]++);
        int most = Arrays.stream(counts).max().orElseThrow();
        StringBuilder svg = new StringBuilder(String.format(
                Locale.ROOT,
                "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"clients by value\">",
                WIDTH,
                HEIGHT));
        double barWidth = (double) WIDTH / BINS;
        for (int i = 0; i < BINS; i++) {
            double height = (double) (HEIGHT - BOTTOM - 14) * counts[i] / most;
            svg.append(String.format(
                    Locale.ROOT,
                    "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"#1f77b4\"/>",
                    i * barWidth + 1,
                    HEIGHT - BOTTOM - height,
                    barWidth - 2,
                    height));
            if (counts[i] > 0) {
                svg.append(String.format(
                        Locale.ROOT,
                        "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%d</text>",
                        (i + .5) * barWidth,
                        HEIGHT - BOTTOM - height - 3,
                        counts[i]));
            }
            if (i % 5 == 0) {
                svg.append(String.format(
                        Locale.ROOT,
                        "<text x=\"%.1f\" y=\"%d\">%.3g</text>",
                        i * barWidth,
                        HEIGHT - 6,
                        low + i * width));
            }
        }
        return svg.append("</svg>").toString();
    }
}
