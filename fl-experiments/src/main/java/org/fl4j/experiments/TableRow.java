package org.fl4j.experiments;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;

/**
 * One row of a table in a file from outside. SQLite lets any column have a value of any type, and its driver turns what
 * does not fit into 0 or null; this names column, rule and value instead.
 */
final class TableRow {
    private static final int SHOWN = 100; // characters of a wrong value

    private final ResultSet row;

    TableRow(ResultSet row) {
        this.row = row;
    }

    /** Returns a whole number of 32 bits. */
    int whole(String column) throws SQLException {
        Object value = row.getObject(column);
        if (value instanceof Integer whole) {
            return whole;
        }
        throw wrong(column, "a whole number of 32 bits", value);
    }

    /** Returns a whole number of 64 bits. */
    long longWhole(String column) throws SQLException {
        Object value = row.getObject(column);
        if (value instanceof Integer || value instanceof Long) {
            return ((Number) value).longValue();
        }
        throw wrong(column, "a whole number of 64 bits", value);
    }

    /** Returns a number; SQLite has no NaN: it enters none. */
    double number(String column) throws SQLException {
        return optionalNumber(column).orElse(Double.NaN);
    }

    Optional<Double> optionalNumber(String column) throws SQLException {
        Object value = row.getObject(column);
        if (value != null && !(value instanceof Number)) {
            throw wrong(column, "a number", value);
        }
        return Optional.ofNullable((Number) value).map(Number::doubleValue);
    }

    String text(String column) throws SQLException {
        return optionalText(column).orElseThrow(() -> wrong(column, "a text", null));
    }

    Optional<String> optionalText(String column) throws SQLException {
        Object value = row.getObject(column);
        if (value != null && !(value instanceof String)) {
            throw wrong(column, "a text", value);
        }
        return Optional.ofNullable((String) value);
    }

    Instant time(String column) throws SQLException {
        String text = text(column);
        try {
            return Instant.parse(text);
        } catch (DateTimeException e) {
            throw wrong(column, "a time such as 2026-03-01T10:00:00Z", text);
        }
    }

    /** Returns a constant by its name. */
    <E extends Enum<E>> E oneOf(String column, Class<E> constants) throws SQLException {
        String text = text(column);
        return Arrays.stream(constants.getEnumConstants())
                .filter(constant -> constant.name().equals(text))
                .findFirst()
                .orElseThrow(() -> wrong(column, "one of " + Arrays.toString(constants.getEnumConstants()), text));
    }

    private static IllegalArgumentException wrong(String column, String rule, Object value) {
        String text = value instanceof byte[] bytes ? bytes.length + " bytes" : String.valueOf(value);
        return new IllegalArgumentException(column + " must be " + rule + ", but was "
                + (text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "..."));
    }
}
