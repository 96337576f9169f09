package org.fl4j.experiments.report;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.fl4j.internal.Csv;
import org.fl4j.internal.TextFiles;

/** Who holds how many examples of each class: clients across, classes down. */
final class HeatMap {
    private static final int MOST_COLUMNS = 400;

    private HeatMap() {}

    /** Draws the file that a partition report writes. */
    static String of(Path csv) {
        List<List<String>> rows =
                Csv.read(TextFiles.read(csv)).stream().map(Csv.Row::fields).toList();
        List<Integer> columns = new ArrayList<>();
        for (int column = 0; column < rows.get(0).size(); column++) {
            if (rows.get(0).get(column).startsWith("class")) {
                columns.add(column);
            }
        }
        List<List<String>> clients = rows.subList(1, rows.size());
        int together = Math.max(1, (clients.size() + MOST_COLUMNS - 1) / MOST_COLUMNS);
        int width = (clients.size() + together - 1) / together;
        double[][] examples =
                new double[width][columns.size()]; // the mean of neighbours, where there are too many clients
        double most = 1;
        for (int client = 0; client < clients.size(); client++) {
            int x = client / together;
            int inColumn = Math.min(together, clients.size() - x * together);
            for (int y = 0; y < columns.size(); y++) {
                examples[x][y] += Double.parseDouble(clients.get(client).get(columns.get(y))) / inColumn;
                most = Math.max(most, examples[x][y]);
            }
        }
        StringBuilder svg = new StringBuilder(String.format(
                Locale.ROOT,
                "<svg viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" style=\"height:160px\">",
                width,
                columns.size()));
        for (int x = 0; x < width; x++) {
            for (int y = 0; y < columns.size(); y++) {
                if (examples[x][y] > 0) {
                    svg.append(String.format(
                            Locale.ROOT,
                            "<rect x=\"%d\" y=\"%d\" width=\"1.02\" height=\"1.02\" fill=\"#1f77b4\""
                                    + " opacity=\"%.3f\"/>",
                            x,
                            y,
                            Math.max(.05, examples[x][y] / most)));
                }
            }
        }
        return svg.append("</svg>").toString();
    }
}
