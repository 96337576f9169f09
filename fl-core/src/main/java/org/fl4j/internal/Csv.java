package org.fl4j.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Comma-separated values that every reader accepts (RFC 4180), with line ends of one character. */
public final class Csv {
    private Csv() {}

    /**
     * One record of a text.
     *
     * @param fields what is in it, without quotes
     * @param raw its characters in the text, without the line end
     * @param ended whether a line end follows; the last record of a text that a crash cut short has none
     */
    public record Row(List<String> fields, String raw, boolean ended) {
        /** Copies the fields. */
        public Row {
            fields = List.copyOf(fields);
        }
    }

    /** Returns a record without its line end; fields with commas, quotes or line ends are quoted. */
    public static String line(List<String> fields) {
        return fields.stream().map(Csv::field).collect(Collectors.joining(","));
    }

    /** Returns a field as it stands in a file. */
    public static String field(String text) {
        boolean plain = text.chars().noneMatch(c -> c == '"' || c == ',' || c == '\r' || c == '\n');
        return plain ? text : '"' + text.replace("\"", "\"\"") + '"';
    }

    /** Returns the records of a text. */
    public static List<Row> read(String text) {
        List<Row> rows = new ArrayList<>();
        List<String> fields = new ArrayList<>();
        StringBuilder field = new StringBuilder();
        boolean quoted = false;
        int start = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (quoted) {
                if (c != '"') {
                    field.append(c);
                } else if (text.startsWith("\"", i + 1)) {
                    field.append(c);
                    i++;
                } else {
                    quoted = false;
                }
            } else if (c == '"') {
                quoted = true;
            } else if (c == ',') {
                fields.add(field.toString());
                field.setLength(0);
            } else if (c == '\n' || c == '\r') {
                fields.add(field.toString());
                field.setLength(0);
                rows.add(new Row(fields, text.substring(start, i), /* ended= */ true));
                fields.clear();
                if (text.startsWith("\r\n", i)) {
                    i++;
                }
                start = i + 1;
            } else {
                field.append(c);
            }
        }
        if (start < text.length()) {
            fields.add(field.toString());
            rows.add(new Row(fields, text.substring(start), /* ended= */ false));
        }
        return rows;
    }
}
