package org.fl4j.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.fl4j.internal.Csv;
import org.fl4j.message.ClientId;

/**
 * Says how uneven a partition is.
 *
 * @param clients one line a client, in their order
 */
public record PartitionReport(List<Line> clients) {
    private static final int TABLE_LINES = 20;

    /**
     * One client.
     *
     * @param client who
     * @param name what people call the client
     * @param classCounts how many examples of each class it holds
     * @param labelEntropy the entropy of its labels in bits; 0 for one class, log2 of the class count for even ones
     * @param gini the Gini coefficient of its class counts, in [0, 1): the mean absolute difference of two of them,
     *     relative to twice their mean
     * @param earthMoverDistance the sum over classes of |its share - the share over all clients|, in [0, 2] (Zhao et
     *     al. 2018, arXiv 1806.00582)
     */
    public record Line(
            ClientId client,
            String name,
            List<Integer> classCounts,
            double labelEntropy,
            double gini,
            double earthMoverDistance) {
        /** Copies the counts. */
        public Line {
            classCounts = List.copyOf(classCounts);
        }

        /** Returns how many examples it holds. */
        public int exampleCount() {
            return classCounts.stream().mapToInt(Integer::intValue).sum();
        }
    }

    /** Copies the lines. */
    public PartitionReport {
        clients = List.copyOf(clients);
    }

    /** Measures a partition of rows with these labels. */
    public static PartitionReport of(Partition partition, int[] labels) {
        int classes = RowsByClass.of(labels).classCount();
        int[][] counts = new int[partition.clientCount()][classes];
        int[] total = new int[classes];
        int rows = 0;
        for (int client = 0; client < counts.length; client++) {
            for (int row : partition.rows(new ClientId(client))) {
                counts[client][labels[row]]++;
                total[labels[row]]++;
                rows++;
            }
        }
        List<Line> lines = new ArrayList<>(counts.length);
        for (int client = 0; client < counts.length; client++) {
            lines.add(new Line(
                    new ClientId(client),
                    partition.clients().name(new ClientId(client)),
                    Arrays.stream(counts[client]).boxed().toList(),
                    entropy(counts[client]),
                    gini(counts[client]),
                    distance(counts[client], total, rows)));
        }
        return new PartitionReport(lines);
    }

    static double gini(int[] counts) {
        int[] sorted = counts.clone();
        Arrays.sort(sorted);
        double weighted = 0;
        double sum = 0;
        for (int i = 0; i < sorted.length; i++) {
            weighted += (2.0 * (i + 1) - sorted.length - 1) * sorted[i];
            sum += sorted[i];
        }
        return sum == 0 ? 0 : weighted / (sorted.length * sum);
    }

    private static double entropy(int[] counts) {
        double sum = Arrays.stream(counts).sum();
        return Arrays.stream(counts)
                .filter(count -> count > 0)
                .mapToDouble(count -> -count / sum * Math.log(count / sum) / Math.log(2))
                .sum();
    }

    private static double distance(int[] counts, int[] total, int rows) {
        double sum = Math.max(1, Arrays.stream(counts).sum());
        double distance = 0;
        for (int label = 0; label < counts.length; label++) {
            distance += Math.abs(counts[label] / sum - (double) total[label] / rows);
        }
        return distance;
    }

    /** Returns the lines as comma-separated values with a header. */
    public String toCsv() {
        int classes = clients.get(0).classCounts().size();
        StringBuilder csv = new StringBuilder("client,name,examples,label_entropy_bits,gini,emd");
        for (int label = 0; label < classes; label++) {
            csv.append(",class_").append(label);
        }
        csv.append('\n');
        for (Line line : clients) {
            csv.append(String.format(
                    Locale.ROOT,
                    "%d,%s,%d,%.4f,%.4f,%.4f,%s\n",
                    line.client().index(),
                    Csv.field(line.name()),
                    line.exampleCount(),
                    line.labelEntropy(),
                    line.gini(),
                    line.earthMoverDistance(),
                    line.classCounts().stream().map(String::valueOf).collect(Collectors.joining(","))));
        }
        return csv.toString();
    }

    /** Returns a table for people: the first {@value #TABLE_LINES} clients and the means of all. */
    public String toTable() {
        StringBuilder table = new StringBuilder(String.format(
                Locale.ROOT, "%8s %9s %8s %6s %6s  %s\n", "client", "examples", "entropy", "gini", "emd", "classes"));
        for (Line line : clients.subList(0, Math.min(TABLE_LINES, clients.size()))) {
            table.append(row(
                    String.valueOf(line.client().index()),
                    line.exampleCount(),
                    line.labelEntropy(),
                    line.gini(),
                    line.earthMoverDistance()));
            table.append(line.classCounts().stream().map(String::valueOf).collect(Collectors.joining(" ")));
            table.append('\n');
        }
        if (clients.size() > TABLE_LINES) {
            table.append(String.format(Locale.ROOT, "     ... %d more\n", clients.size() - TABLE_LINES));
        }
        return table.append(row(
                        "mean",
                        mean(Line::exampleCount),
                        mean(Line::labelEntropy),
                        mean(Line::gini),
                        mean(Line::earthMoverDistance)))
                .append('\n')
                .toString();
    }

    private static String row(String client, double examples, double entropy, double gini, double distance) {
        return String.format(Locale.ROOT, "%8s %9.0f %8.3f %6.3f %6.3f  ", client, examples, entropy, gini, distance);
    }

    private double mean(ToDoubleFunction<Line> value) {
        return clients.stream().mapToDouble(value).average().orElse(0);
    }
}
