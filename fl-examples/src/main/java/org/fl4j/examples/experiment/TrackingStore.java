package org.fl4j.examples.experiment;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.fl4j.core.ClientId;
import org.fl4j.core.Rejection;
import org.fl4j.metrics.Metrics;
import org.fl4j.simulation.ClientFailure;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunResult;

/**
 * What experiments did, in one SQLite file that any tool can open. A round is one transaction, and a round that is run again takes the
 * place of its first record, so a process may be killed at any time; several may write at once.
 */
public final class TrackingStore implements AutoCloseable {
    private static final List<String> SCHEMA = List.of(
            "CREATE TABLE IF NOT EXISTS experiments (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, yaml TEXT NOT NULL,"
                    + " created TEXT NOT NULL)",
            "CREATE TABLE IF NOT EXISTS runs (id INTEGER PRIMARY KEY, experiment INTEGER NOT NULL REFERENCES experiments(id),"
                    + " key TEXT NOT NULL, label TEXT NOT NULL, seed INTEGER NOT NULL, status TEXT NOT NULL,"
                    + " started TEXT NOT NULL, ended TEXT, seconds REAL, model_sha256 TEXT, UNIQUE (experiment, key))",
            "CREATE TABLE IF NOT EXISTS settings (run INTEGER NOT NULL REFERENCES runs(id), name TEXT NOT NULL,"
                    + " value TEXT NOT NULL, PRIMARY KEY (run, name)) WITHOUT ROWID",
            "CREATE TABLE IF NOT EXISTS rounds (run INTEGER NOT NULL REFERENCES runs(id), round INTEGER NOT NULL,"
                    + " bytes_down INTEGER NOT NULL, bytes_up INTEGER NOT NULL, train_seconds REAL NOT NULL,"
                    + " evaluation_seconds REAL NOT NULL, PRIMARY KEY (run, round)) WITHOUT ROWID",
            "CREATE TABLE IF NOT EXISTS metrics (run INTEGER NOT NULL, round INTEGER NOT NULL, name TEXT NOT NULL,"
                    + " value REAL, PRIMARY KEY (run, name, round)) WITHOUT ROWID",
            "CREATE TABLE IF NOT EXISTS client_metrics (run INTEGER NOT NULL, round INTEGER NOT NULL, client INTEGER NOT NULL,"
                    + " name TEXT NOT NULL, value REAL, PRIMARY KEY (run, round, client, name)) WITHOUT ROWID",
            "CREATE TABLE IF NOT EXISTS events (run INTEGER NOT NULL, round INTEGER NOT NULL, client INTEGER NOT NULL,"
                    + " kind TEXT NOT NULL, detail TEXT NOT NULL, PRIMARY KEY (run, round, client, kind)) WITHOUT ROWID");

    private final Connection connection;

    /** A run that is in the store. */
    public record StoredRun(
            int id,
            String experiment,
            String key,
            String label,
            long seed,
            String status,
            int rounds,
            Optional<String> modelSha256,
            Optional<Double> seconds) {}

    /** Opens a file, and makes it if it does not exist. */
    public TrackingStore(Path file) {
        try {
            connection = DriverManager.getConnection("jdbc:sqlite:" + file);
            try (Statement statement = connection.createStatement()) {
                statement.execute("PRAGMA busy_timeout = 30000");
                statement.execute("PRAGMA journal_mode = WAL");
                statement.execute("PRAGMA synchronous = NORMAL");
                for (String table : SCHEMA) {
                    statement.execute(table);
                }
            }
            connection.setAutoCommit(false);
        } catch (SQLException e) {
            throw new IllegalStateException("cannot open " + file + ": " + e.getMessage(), e);
        }
    }

    /** Something done in a transaction. */
    @FunctionalInterface
    private interface Work<T> {
        T run() throws SQLException;
    }

    private synchronized <T> T transaction(Work<T> work) {
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
            throw new IllegalStateException("the store failed: " + e.getMessage(), e);
        }
    }

    private PreparedStatement prepared(String sql, Object... values) throws SQLException {
        PreparedStatement statement = connection.prepareStatement(sql);
        for (int i = 0; i < values.length; i++) {
            statement.setObject(i + 1, values[i]);
        }
        return statement;
    }

    private void update(String sql, Object... values) throws SQLException {
        try (PreparedStatement statement = prepared(sql, values)) {
            statement.executeUpdate();
        }
    }

    private int id(String sql, Object... values) throws SQLException {
        try (PreparedStatement statement = prepared(sql, values);
                ResultSet found = statement.executeQuery()) {
            if (!found.next()) {
                throw new SQLException("no row: " + sql);
            }
            return found.getInt(1);
        }
    }

    /** Enters a run that starts or goes on, and returns its id. */
    public int begin(String experiment, String yaml, ExperimentFile.Run run) {
        return transaction(() -> {
            update("INSERT OR IGNORE INTO experiments (name, yaml, created) VALUES (?, ?, ?)", experiment, yaml, now());
            int of = id("SELECT id FROM experiments WHERE name = ?", experiment);
            ExperimentSpec spec = run.spec();
            update(
                    "INSERT INTO runs (experiment, key, label, seed, status, started) VALUES (?, ?, ?, ?, 'running', ?)"
                            + " ON CONFLICT (experiment, key) DO UPDATE SET status = 'running'",
                    of,
                    spec.key(),
                    run.label(),
                    spec.seed(),
                    now());
            int id = id("SELECT id FROM runs WHERE experiment = ? AND key = ?", of, spec.key());
            for (Map.Entry<String, String> setting : spec.settings().entrySet()) {
                update("INSERT OR REPLACE INTO settings VALUES (?, ?, ?)", id, setting.getKey(), setting.getValue());
            }
            return id;
        });
    }

    private static String now() {
        return Instant.now().toString();
    }

    /** Forgets rounds that a resumed run runs again. */
    public void keepUpTo(int run, int completedRounds) {
        transaction(() -> {
            for (String table : List.of("rounds", "metrics", "client_metrics", "events")) {
                update("DELETE FROM " + table + " WHERE run = ? AND round > ?", run, completedRounds);
            }
            return null;
        });
    }

    /** Enters a round: all of it, or nothing. */
    public void add(int run, RoundReport report) {
        transaction(() -> {
            int round = report.round();
            update(
                    "INSERT OR REPLACE INTO rounds VALUES (?, ?, ?, ?, ?, ?)",
                    run,
                    round,
                    report.bytesDown(),
                    report.bytesUp(),
                    report.trainSeconds(),
                    report.evaluationSeconds());
            try (PreparedStatement metrics =
                            connection.prepareStatement("INSERT OR REPLACE INTO metrics VALUES (?, ?, ?, ?)");
                    PreparedStatement clients = connection.prepareStatement(
                            "INSERT OR REPLACE INTO client_metrics VALUES (?, ?, ?, ?, ?)")) {
                for (String name : report.metrics().values().keySet()) {
                    batch(metrics, run, round, name, report.metrics().value(name));
                }
                Map<ClientId, Metrics> all = new TreeMap<>(report.clients());
                report.evaluations().forEach((client, measured) -> all.merge(client, measured, Metrics::merge));
                for (Map.Entry<ClientId, Metrics> client : all.entrySet()) {
                    for (String name : client.getValue().values().keySet()) {
                        batch(
                                clients,
                                run,
                                round,
                                client.getKey().index(),
                                name,
                                client.getValue().value(name));
                    }
                }
                metrics.executeBatch();
                clients.executeBatch();
            }
            for (Rejection rejection : report.rejected()) {
                event(run, round, rejection.client(), rejection.reason().name(), rejection.detail());
            }
            for (ClientFailure failure : report.failures()) {
                event(run, round, failure.client(), "FAILED", failure.error());
            }
            return null;
        });
    }

    private static void batch(PreparedStatement statement, Object... values) throws SQLException {
        for (int i = 0; i < values.length; i++) {
            statement.setObject(i + 1, values[i]);
        }
        statement.addBatch();
    }

    private void event(int run, int round, ClientId client, String kind, String detail) throws SQLException {
        update("INSERT OR REPLACE INTO events VALUES (?, ?, ?, ?, ?)", run, round, client.index(), kind, detail);
    }

    /** Enters how a run ended. */
    public void end(int run, RunResult result) {
        transaction(() -> {
            update(
                    "UPDATE runs SET status = ?, ended = ?, seconds = coalesce(seconds, 0) + ?, model_sha256 = ? WHERE id = ?",
                    result.end().name().toLowerCase(Locale.ROOT),
                    now(),
                    result.seconds(),
                    result.modelSha256(),
                    run);
            return null;
        });
    }

    /** Returns all runs, in the order in which they were entered. */
    public List<StoredRun> runs() {
        return transaction(() -> {
            List<StoredRun> runs = new ArrayList<>();
            try (PreparedStatement statement = prepared("SELECT r.id, e.name, r.key, r.label, r.seed, r.status,"
                            + " (SELECT count(*) FROM rounds WHERE run = r.id), r.model_sha256, r.seconds"
                            + " FROM runs r JOIN experiments e ON e.id = r.experiment ORDER BY r.id");
                    ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    runs.add(new StoredRun(
                            row.getInt(1),
                            row.getString(2),
                            row.getString(3),
                            row.getString(4),
                            row.getLong(5),
                            row.getString(6),
                            row.getInt(7),
                            Optional.ofNullable(row.getString(8)),
                            Optional.ofNullable((Double) row.getObject(9))));
                }
            }
            return runs;
        });
    }

    /** Returns a metric by round. */
    public Map<Integer, Double> metric(int run, String name) {
        return transaction(() -> {
            Map<Integer, Double> byRound = new LinkedHashMap<>();
            try (PreparedStatement statement = prepared(
                            "SELECT round, value FROM metrics WHERE run = ? AND name = ? ORDER BY round", run, name);
                    ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    byRound.put(row.getInt(1), row.getDouble(2));
                }
            }
            return byRound;
        });
    }

    /** Returns a metric by client, of the last round that has it. */
    public Map<Integer, Double> clientMetric(int run, String name) {
        return transaction(() -> {
            Map<Integer, Double> byClient = new LinkedHashMap<>();
            try (PreparedStatement statement = prepared(
                            "SELECT client, value FROM client_metrics WHERE run = ? AND name = ? AND round ="
                                    + " (SELECT max(round) FROM client_metrics WHERE run = ? AND name = ?) ORDER BY client",
                            run,
                            name,
                            run,
                            name);
                    ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    byClient.put(row.getInt(1), row.getDouble(2));
                }
            }
            return byClient;
        });
    }

    /** Returns a run's settings. */
    public Map<String, String> settings(int run) {
        return transaction(() -> {
            Map<String, String> settings = new TreeMap<>();
            try (PreparedStatement statement = prepared("SELECT name, value FROM settings WHERE run = ?", run);
                    ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    settings.put(row.getString(1), row.getString(2));
                }
            }
            return settings;
        });
    }

    /** Returns the bytes a run sent, down and up. */
    public long bytes(int run) {
        return transaction(() -> {
            try (PreparedStatement statement =
                            prepared("SELECT coalesce(sum(bytes_down + bytes_up), 0) FROM rounds WHERE run = ?", run);
                    ResultSet row = statement.executeQuery()) {
                return row.next() ? row.getLong(1) : 0;
            }
        });
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            throw new IllegalStateException("cannot close the store: " + e.getMessage(), e);
        }
    }
}
