package org.fl4j.examples.experiment;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.fl4j.internal.Check;

/** One connection to an SQLite file, and the statements that are asked of it. */
final class Database implements AutoCloseable {
    private static final int SCHEMA_VERSION = 1;

    private final Path file;
    private final Connection connection;

    /** Opens a file, and makes it and its tables if they do not exist. */
    Database(Path file) {
        this.file = file;
        try {
            connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        } catch (SQLException e) {
            throw failure("cannot be opened", e);
        }
        try (Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA busy_timeout = 30000");
            statement.execute("PRAGMA journal_mode = WAL");
            statement.execute("PRAGMA synchronous = NORMAL");
            statement.execute("PRAGMA foreign_keys = ON");
            int version = statement.executeQuery("PRAGMA user_version").getInt(1);
            Check.that(
                    version == 0 || version == SCHEMA_VERSION,
                    "schema of " + file,
                    String.valueOf(SCHEMA_VERSION),
                    version);
            for (String table : schema().replaceAll("--.*", "").split(";", -1)) {
                if (!table.isBlank()) {
                    statement.execute(table);
                }
            }
            statement.execute("PRAGMA user_version = " + SCHEMA_VERSION);
            connection.setAutoCommit(false);
        } catch (SQLException e) {
            close();
            throw failure("cannot be opened", e);
        } catch (IllegalArgumentException e) {
            close();
            throw e;
        }
    }

    private static String schema() {
        try (InputStream in = Database.class.getResourceAsStream("schema.sql")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the schema", e);
        }
    }

    private IllegalStateException failure(String what, SQLException cause) {
        return new IllegalStateException(file + " " + what + ": " + cause.getMessage(), cause);
    }

    /** Something done in a transaction. */
    @FunctionalInterface
    interface Work<T> {
        T run() throws SQLException;
    }

    /** What becomes of a row. */
    @FunctionalInterface
    interface Row<T> {
        T read(ResultSet row) throws SQLException;
    }

    /** Does all of it, or nothing. */
    synchronized <T> T transaction(Work<T> work) {
        try {
            T result = work.run();
            connection.commit();
            return result;
        } catch (SQLException e) {
            try {
                connection.rollback();
            } catch (SQLException second) {
                e.addSuppressed(second);
            }
            throw failure("failed", e);
        }
    }

    /** Within a transaction: changes rows. */
    void update(String sql, Object... values) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            set(statement, values);
            statement.executeUpdate();
        }
    }

    /** Within a transaction: changes as many rows as there are lists of values. */
    void updateAll(String sql, List<Object[]> rows) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (Object[] values : rows) {
                set(statement, values);
                statement.addBatch();
            }
            statement.executeBatch();
        }
    }

    /** Within a transaction: asks for one whole number. */
    int number(String sql, Object... values) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            set(statement, values);
            try (ResultSet found = statement.executeQuery()) {
                if (!found.next()) {
                    throw new SQLException("no row: " + sql);
                }
                return found.getInt(1);
            }
        }
    }

    /** Asks for rows, in a transaction of its own. */
    <T> List<T> rows(String sql, Row<T> read, Object... values) {
        return transaction(() -> {
            List<T> rows = new ArrayList<>();
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                set(statement, values);
                try (ResultSet row = statement.executeQuery()) {
                    while (row.next()) {
                        rows.add(read.read(row));
                    }
                }
            }
            return rows;
        });
    }

    private static void set(PreparedStatement statement, Object... values) throws SQLException {
        for (int i = 0; i < values.length; i++) {
            statement.setObject(i + 1, values[i]);
        }
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            throw failure("cannot be closed", e);
        }
    }
}
