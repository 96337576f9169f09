package org.fl4j.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.fl4j.core.ClientDirectory;
import org.fl4j.internal.Csv;
import org.fl4j.internal.Durable;
import org.fl4j.internal.TextFiles;
import org.fl4j.message.ClientId;

/** A partition as a CSV file of one line a client. */
final class PartitionFile {
    private static final List<String> HEADER = List.of("client", "name", "rows");

    private PartitionFile() {}

    static void write(Partition partition, Path file) {
        ClientDirectory clients = partition.clients();
        StringBuilder text = new StringBuilder(Csv.line(HEADER)).append('\n');
        for (int client = 0; client < partition.clientCount(); client++) {
            String rows = IntStream.of(partition.rows(new ClientId(client)))
                    .mapToObj(String::valueOf)
                    .collect(Collectors.joining(" "));
            text.append(Csv.line(List.of(String.valueOf(client), clients.name(new ClientId(client)), rows)))
                    .append('\n');
        }
        try {
            Durable.write(file, text.toString().getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file + ": " + Durable.reason(e), e);
        }
    }

    static Partition read(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new DatasetException("partition must be a file that exists, but was " + file);
        }
        List<Csv.Row> lines;
        try {
            lines = Csv.read(TextFiles.read(file));
        } catch (UncheckedIOException e) {
            throw new DatasetException("cannot read " + file + ": " + e.getMessage(), e);
        }
        if (lines.isEmpty() || !lines.get(0).fields().equals(HEADER)) {
            throw new DatasetException(file + ", line 1: header must be " + Csv.line(HEADER));
        }
        List<int[]> held = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (int i = 1; i < lines.size(); i++) {
            List<String> fields = lines.get(i).fields();
            String place = file + ", line " + (i + 1) + ": ";
            if (fields.size() != HEADER.size() || !fields.get(0).equals(String.valueOf(i - 1))) {
                throw new DatasetException(place + "line must be of client " + (i - 1)
                        + ", its name and its rows, but was " + lines.get(i).raw());
            }
            names.add(fields.get(1));
            held.add(rows(place, fields.get(2)));
        }
        if (held.isEmpty()) {
            throw new DatasetException(file + " must have a line for each client, but has none");
        }
        try {
            return Partition.of(held, Partition.Allowance.SHARED_ROWS, Partition.Allowance.EMPTY_CLIENTS)
                    .named(names);
        } catch (IllegalArgumentException e) {
            throw new DatasetException(file + ": " + e.getMessage(), e);
        }
    }

    private static int[] rows(String place, String text) {
        try {
            return text.isEmpty()
                    ? new int[0]
                    : Arrays.stream(text.split(" ", -1))
                            .mapToInt(Integer::parseInt)
                            .toArray();
        } catch (NumberFormatException e) {
            throw new DatasetException(place + "rows must be whole numbers with spaces between them", e);
        }
    }
}
