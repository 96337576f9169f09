package org.fl4j.experiments;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.fl4j.internal.Check;
import org.fl4j.internal.UnpackFolder;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteJDBCLoader;

/**
 * One connection to an SQLite file, and the statements that are asked of it. A connection that only reads writes
 * nothing, neither to the file nor beside it, so it needs no permission to: while no writer has left changes beside the
 * file ({@code -wal}), it reads the file as one that does not change, and opens it again when it did.
 */
final class Database implements AutoCloseable {
    private static final int SCHEMA_VERSION = 2;
    private static final int BUSY_MILLISECONDS = 30_000;
    private static final int MOST_ATTEMPTS = 1000; // of opening a new file, while others do

    private static final AtomicBoolean LIBRARY_LOADED = new AtomicBoolean();

    private final Path file;
    private final boolean writable;
    private Connection connection;
    private State opened;

    /**
     * What shows a reader that someone writes. A writer puts its changes into the file beside first, and moves them
     * into the file itself later.
     *
     * @param size of the file
     * @param changed when the file was changed last
     * @param beside whether changes are beside the file
     */
    private record State(long size, FileTime changed, boolean beside) {}

    private Database(Path file, boolean writable) {
        this.file = file;
        this.writable = writable;
        requireLibrary();
        opened = state();
        connection = open();
    }

    /** Opens a file, and makes it and its tables if they do not exist. */
    static Database writing(Path file) {
        Database database = new Database(file, /* writable= */ true);
        database.makeTables();
        return database;
    }

    /** Opens a file that exists, for reading. */
    static Database reading(Path file) {
        Check.that(Files.exists(file), "store", "a file that exists", file);
        Database database = new Database(file, /* writable= */ false);
        try {
            int version = database.transaction(() -> database.number("PRAGMA user_version"));
            Check.that(version == SCHEMA_VERSION, "schema of " + file, String.valueOf(SCHEMA_VERSION), version);
            return database;
        } catch (IllegalArgumentException | IllegalStateException e) {
            database.close();
            throw e;
        }
    }

    private static synchronized void requireLibrary() {
        if (LIBRARY_LOADED.get()) {
            return;
        }
        String own = System.getProperty("org.sqlite.tmpdir");
        String folder = own == null ? System.getProperty("java.io.tmpdir") : own;
        UnpackFolder unpack =
                new UnpackFolder("SQLite", Path.of(folder).toAbsolutePath(), "the system property org.sqlite.tmpdir");
        if (System.getProperty("org.sqlite.lib.path") == null) { // otherwise nothing is unpacked
            Optional<IllegalStateException> unwritable = unpack.unwritable();
            if (unwritable.isPresent()) {
                throw unwritable.get();
            }
        }
        try {
            LIBRARY_LOADED.set(SQLiteJDBCLoader.initialize());
        } catch (Exception e) {
            throw unpack.unloadable(e);
        }
        if (!LIBRARY_LOADED.get()) {
            throw unpack.unloadable(new UnsatisfiedLinkError("the driver says no more"));
        }
    }

    private State state() {
        try {
            Path beside = file.resolveSibling(file.getFileName() + "-wal");
            return new State(
                    Files.exists(file) ? Files.size(file) : 0,
                    Files.exists(file) ? Files.getLastModifiedTime(file) : FileTime.fromMillis(0),
                    Files.exists(beside) && Files.size(beside) > 0);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot look at " + file + ": " + e.getMessage(), e);
        }
    }

    private Connection open() {
        // A URI, because the driver takes a question mark in a path for the start of options.
        String url = "jdbc:sqlite:file:" + file.toAbsolutePath().toUri().getRawPath();
        SQLiteConfig config = new SQLiteConfig();
        config.setBusyTimeout(BUSY_MILLISECONDS);
        config.setReadOnly(!writable);
        try {
            Connection made = DriverManager.getConnection(
                    writable || opened.beside() ? url : url + "?immutable=1", config.toProperties());
            try {
                if (!writable) {
                    made.setAutoCommit(false);
                }
                return made;
            } catch (SQLException e) {
                made.close();
                throw e;
            }
        } catch (SQLException e) {
            throw failure("cannot be opened", e);
        }
    }

    private void makeTables() {
        try (Statement statement = connection.createStatement()) {
            letManyWrite(statement);
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
            closeConnection();
            throw failure("cannot be opened", e);
        } catch (IllegalArgumentException e) {
            closeConnection();
            throw e;
        }
    }

    /**
     * Switches a new file over. SQLite does not wait for others who do the same, but says at once that the file is
     * locked; the begin of a transaction does wait, so whoever was ahead is done then.
     */
    private static void letManyWrite(Statement statement) throws SQLException {
        for (int attempt = 1; ; attempt++) {
            try {
                statement.execute("PRAGMA journal_mode = WAL");
                return;
            } catch (SQLException e) {
                if (e.getErrorCode() != SQLiteErrorCode.SQLITE_BUSY.code || attempt == MOST_ATTEMPTS) {
                    throw e;
                }
                statement.execute("BEGIN IMMEDIATE");
                statement.execute("COMMIT");
            }
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
        boolean locked = !writable
                && opened.beside()
                && !Files.isWritable(file.toAbsolutePath().getParent());
        return new IllegalStateException(
                file + " " + what + ": " + cause.getMessage()
                        + (locked
                                ? ". It has changes in " + file.getFileName()
                                        + "-wal that need write permission to be read. Maybe copy the directory."
                                : ""),
                cause);
    }

    /** Something that is in the file and must not be. */
    private static final class WrongContentException extends SQLException {
        private static final long serialVersionUID = 1L;

        WrongContentException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** Something done in a transaction. */
    @FunctionalInterface
    interface Work<T> {
        T run() throws SQLException;
    }

    /** What becomes of a row. */
    @FunctionalInterface
    interface Row<T> {
        T read(TableRow row) throws SQLException;
    }

    /**
     * Does all of it, or nothing; of reading, all of it at one moment. Reading may be done again, so it must not change
     * anything.
     */
    synchronized <T> T transaction(Work<T> work) {
        while (true) {
            openAgainIfChanged();
            try {
                T result = work.run();
                connection.commit();
                if (!isOutdated()) {
                    return result;
                }
            } catch (SQLException e) {
                try {
                    connection.rollback();
                } catch (SQLException second) {
                    e.addSuppressed(second);
                }
                if (!isOutdated()) {
                    throw failure(e instanceof WrongContentException ? "has wrong content" : "failed", e);
                }
            }
        }
    }

    /**
     * Returns whether a writer changed the file behind a connection that reads it without locks, or put all changes
     * into it.
     */
    private boolean isOutdated() {
        if (writable) {
            return false;
        }
        State now = state();
        return opened.beside() ? !now.beside() : !now.equals(opened);
    }

    private void openAgainIfChanged() {
        if (isOutdated()) {
            closeConnection();
            opened = state();
            connection = open();
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

    /**
     * Asks for rows, in a transaction of its own.
     *
     * @param table where they come from
     * @throws IllegalStateException if it cannot be read or has wrong content; names file, table, column and rule
     */
    <T> List<T> rows(String table, String sql, Row<T> read, Object... values) {
        return transaction(() -> {
            List<T> rows = new ArrayList<>();
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                set(statement, values);
                try (ResultSet row = statement.executeQuery()) {
                    while (row.next()) {
                        rows.add(read.read(new TableRow(row)));
                    }
                } catch (IllegalArgumentException e) {
                    throw new WrongContentException(table + ", row " + (rows.size() + 1) + ": " + e.getMessage(), e);
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

    /**
     * Closes the connection. One that writes puts all changes into the file first, for those who copy it or may only
     * read.
     */
    @Override
    public void close() {
        if (writable) {
            try (Statement statement = connection.createStatement()) {
                connection.setAutoCommit(true);
                statement.execute("PRAGMA wal_checkpoint(TRUNCATE)"); // does nothing while another process writes
            } catch (SQLException e) {
                closeConnection();
                throw failure("cannot be closed", e);
            }
        }
        closeConnection();
    }

    private void closeConnection() {
        try {
            connection.close();
        } catch (SQLException e) {
            throw failure("cannot be closed", e);
        }
    }
}
