package org.fl4j.examples.report;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Who holds how many examples of each class: clients across, classes down. */
final class HeatMap {
    private HeatMap() {}

    /** Draws the file that a partition report writes. */
    static String of(Path csv) {
        List<String[]> rows = new ArrayList<>();
        try {
            Files.readAllLines(csv).forEach(line -> rows.add(line.split(",", -1)));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + csv, e);
        }
        List<Integer> columns = new ArrayList<>();
        for (int column = 0; column < rows.get(0).length; column++) {
            if (rows.get(0)[column].startsWith("class")) {
                columns.add(column);
            }
        }
        List<String[]> clients = rows.subList(1, rows.size());
        double most = 1;
        for (String[] client : clients) {
            for (int column : columns) {
                most = Math.max(most, Double.parseDouble(client[column]));
            }
        }
        StringBuilder svg = new StringBuilder(String.format(
                Locale.ROOT,
                "<svg viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" style=\"height:160px\">",
                clients.size(),
                columns.size()));
        for (int x = 0; x < clients.size(); x++) {
            for (int y = 0; y < columns.size(); y++) {
                double share = Double.parseDouble(clients.get(x)[columns.get(y)]) / most;
                if (share > 0) {
                    svg.append(String.format(
                            Locale.ROOT,
                            "<rect x=\"%d\" y=\"%d\" width=\"1.02\" height=\"1.02\" fill=\"#1f77b4\" opacity=\"%.3f\"/>",
                            x,
                            y,
                            Math.max(.05, share)));
                }
            }
        }
        return svg.append("</svg>").toString();
    }
}
