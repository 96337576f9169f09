package org.fl4j.world;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.fl4j.internal.Check;
import org.fl4j.internal.Decimals;
import org.fl4j.internal.TextFiles;

/**
 * Reads traces in FedScale's two shapes, as JSON or as CSV with a header line. Clients are listed in the ascending
 * order of their ids. Files are UTF-8; a byte-order mark is skipped, and lines may end as on any system.
 *
 * <pre>
 * devices       {"1": {"computation": 60.5, "communication": 8211.2}, ...}
 *               client,computation,communication      milliseconds an example of inference, kbit/s
 * availability  {"1": {"active": [1, 3], "inactive": [2, 7], "finish_time": 10}, ...}
 *               client,active,inactive,finish_time    a line for each stretch
 * </pre>
 */
public final class TraceFiles {
    private TraceFiles() {}

    /**
     * Reads devices from a file whose name ends in {@code .json} or {@code .csv}.
     *
     * @throws IllegalArgumentException if its content is not of the shape; the message names file, client or line, and
     *     value
     */
    public static List<DeviceProfile> devices(Path file) {
        List<DeviceProfile> devices = new ArrayList<>();
        if (isJson(file)) {
            json(file)
                    .forEach((client, entry) -> devices.add(at(
                            file,
                            "client " + client,
                            entry,
                            json -> DeviceProfile.ofFedScale(
                                    number(json, "computation"), number(json, "communication")))));
            return devices;
        }
        Map<Long, DeviceProfile> byClient = new TreeMap<>();
        for (Line line : lines(file, "client,computation,communication")) {
            at(
                    file,
                    "line " + line.number(),
                    line,
                    row -> Check.that(
                            byClient.put(row.client(), DeviceProfile.ofFedScale(row.number(1), row.number(2))) == null,
                            "client",
                            "in one line",
                            row.client()));
        }
        return List.copyOf(byClient.values());
    }

    /**
     * Reads availability from a file whose name ends in {@code .json} or {@code .csv}.
     *
     * @throws IllegalArgumentException if its content is not of the shape; the message names file, client or line, and
     *     value
     */
    public static List<AvailabilityTrace> availability(Path file) {
        List<AvailabilityTrace> traces = new ArrayList<>();
        if (isJson(file)) {
            json(file)
                    .forEach((client, entry) -> traces.add(at(
                            file,
                            "client " + client,
                            entry,
                            json -> new AvailabilityTrace(
                                    numbers(json, "active"), numbers(json, "inactive"), number(json, "finish_time")))));
            return traces;
        }
        Map<Long, List<double[]>> stretches = new TreeMap<>();
        for (Line line : lines(file, "client,active,inactive,finish_time")) {
            at(
                    file,
                    "line " + line.number(),
                    line,
                    row -> stretches
                            .computeIfAbsent(row.client(), any -> new ArrayList<>())
                            .add(new double[] {row.number(1), row.number(2), row.number(3)}));
        }
        stretches.forEach((client, rows) -> rows.forEach(row -> Check.that(
                row[2] == rows.get(0)[2],
                file + ", finish_time of client " + client,
                "the same in all lines, " + rows.get(0)[2],
                row[2])));
        stretches.forEach((client, rows) -> traces.add(at(
                file,
                "client " + client,
                rows,
                all -> new AvailabilityTrace(
                        all.stream().mapToDouble(row -> row[0]).toArray(),
                        all.stream().mapToDouble(row -> row[1]).toArray(),
                        all.get(0)[2]))));
        return traces;
    }

    private static boolean isJson(Path file) {
        String name = String.valueOf(file.getFileName());
        if (name.endsWith(".json")) {
            return true;
        }
        if (name.endsWith(".csv")) {
            return false;
        }
        throw new IllegalArgumentException("name of a trace file must end in .json or .csv, but was " + name);
    }

    /** Does something with a part of a file, and says which part if it fails. */
    private static <T, R> R at(Path file, String place, T part, Function<T, R> read) {
        try {
            return read.apply(part);
        } catch (RuntimeException e) {
            throw new IllegalArgumentException(file + ", " + place + ": " + e.getMessage(), e);
        }
    }

    private static Map<Long, JsonObject> json(Path file) {
        String text = TextFiles.read(file);
        return at(file, "content", text, content -> {
            Map<Long, JsonObject> entries = new TreeMap<>();
            try {
                JsonParser.parseString(content)
                        .getAsJsonObject()
                        .entrySet()
                        .forEach(entry -> Check.that(
                                entries.put(
                                                client(entry.getKey()),
                                                entry.getValue().getAsJsonObject())
                                        == null,
                                "client",
                                "given once",
                                entry.getKey()));
            } catch (JsonParseException | IllegalStateException e) {
                throw new IllegalArgumentException("must be an object of objects by client id: " + e.getMessage(), e);
            }
            return entries;
        });
    }

    private static long client(String id) {
        try {
            return Long.parseLong(id);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("client id must be a whole number, but was " + id, e);
        }
    }

    private static double number(String name, String text) {
        try {
            return Decimals.parse(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + " must be a number, but was " + text, e);
        }
    }

    private static double number(String name, JsonElement value) {
        if (!value.isJsonPrimitive()) {
            throw new IllegalArgumentException(name + " must be a number, but was " + value);
        }
        return number(name, value.getAsString());
    }

    private static double number(JsonObject json, String name) {
        JsonElement value = json.get(name);
        if (value == null) {
            throw new IllegalArgumentException(name + " must be there, but there are " + json.keySet());
        }
        return number(name, value);
    }

    private static double[] numbers(JsonObject json, String name) {
        if (!json.has(name)) {
            throw new IllegalArgumentException(name + " must be there, but there are " + json.keySet());
        }
        if (!json.get(name).isJsonArray()) {
            throw new IllegalArgumentException(name + " must be a list of numbers, but was " + json.get(name));
        }
        JsonArray array = json.getAsJsonArray(name);
        double[] numbers = new double[array.size()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = number(name, array.get(i));
        }
        return numbers;
    }

    private record Line(int number, List<String> fields) {
        long client() {
            return TraceFiles.client(fields.get(0));
        }

        double number(int field) {
            return TraceFiles.number("field " + (field + 1), fields.get(field));
        }
    }

    private static List<Line> lines(Path file, String header) {
        List<String> text = TextFiles.read(file).lines().toList();
        if (text.isEmpty() || !text.get(0).equals(header)) {
            throw new IllegalArgumentException(file + ", line 1: header must be " + header + ", but was "
                    + (text.isEmpty() ? "missing" : text.get(0)));
        }
        int columns = header.split(",", -1).length;
        List<Line> lines = new ArrayList<>();
        for (int i = 1; i < text.size(); i++) {
            List<String> fields = List.of(text.get(i).split(",", -1));
            if (fields.size() != columns) {
                throw new IllegalArgumentException(
                        file + ", line " + (i + 1) + ": fields must be " + columns + ", but were " + fields.size());
            }
            lines.add(new Line(i + 1, fields));
        }
        return lines;
    }
}
