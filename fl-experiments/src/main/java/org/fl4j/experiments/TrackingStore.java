package org.fl4j.experiments;

import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.fl4j.execution.TaskRecord;
import org.fl4j.message.ClientId;
import org.fl4j.message.Rejection;
import org.fl4j.metrics.Metrics;
import org.fl4j.simulation.ClientFailure;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunResult;

/**
 * What experiments did, in one SQLite file that any tool can open ({@code schema.sql} tells its tables). A round is one
 * transaction, and a round that is run again takes the place of its first record, so a process may be killed at any
 * time; several may write at once.
 */
public final class TrackingStore implements AutoCloseable {
    private static final List<String> BY_ROUND =
            List.of("rounds", "metrics", "client_metrics", "events", "tasks", "task_metrics");

    /** The kind of the event that a session began: with the run, or with a resume. */
    static final String STARTED = "STARTED";

    private final Database database;

    /** Opens a file, and makes it if it does not exist. */
    public TrackingStore(Path file) {
        this(Database.writing(file));
    }

    private TrackingStore(Database database) {
        this.database = database;
    }

    /** Opens a file that exists, only to {@link #read} it: nothing is written, so no permission to write is needed. */
    public static TrackingStore reading(Path file) {
        return new TrackingStore(Database.reading(file));
    }

    /** Returns what was entered. */
    public TrackedRuns read() {
        return new TrackedRuns(database);
    }

    /**
     * Enters runs that will start, unless they are there, in place of those that were declared before and did not
     * start.
     */
    public void declare(String experiment, String yaml, List<ExperimentFile.Run> runs) {
        database.transaction(() -> {
            String waiting = "(SELECT id FROM runs WHERE status = '" + TrackedRuns.WAITING + "')";
            database.update("DELETE FROM settings WHERE run IN " + waiting);
            database.update("DELETE FROM runs WHERE id IN " + waiting);
            return null;
        });
        Set<String> known = read().all().stream()
                .filter(stored -> stored.experiment().equals(experiment))
                .map(TrackedRuns.StoredRun::key)
                .collect(Collectors.toSet());
        for (ExperimentFile.Run run : runs) {
            if (!known.contains(run.spec().key())) {
                enter(experiment, yaml, run, TrackedRuns.WAITING, Map.of());
            } else {
                rename(experiment, run);
            }
        }
    }

    /** A file that gained a sweep calls the runs that it had otherwise. */
    private void rename(String experiment, ExperimentFile.Run run) {
        database.transaction(() -> {
            database.update(
                    "UPDATE runs SET label = ? WHERE key = ? AND experiment = (SELECT id FROM experiments WHERE name ="
                            + " ?)",
                    run.label(),
                    run.spec().key(),
                    experiment);
            return null;
        });
    }

    /** Enters a run that starts or goes on, and with what it is made, and returns its id. */
    public int begin(String experiment, String yaml, ExperimentFile.Run run, Map<String, String> versions) {
        return enter(experiment, yaml, run, "running", versions);
    }

    private int enter(
            String experiment, String yaml, ExperimentFile.Run run, String status, Map<String, String> versions) {
        return database.transaction(() -> {
            database.update(
                    "INSERT OR IGNORE INTO experiments (name, yaml, created) VALUES (?, ?, ?)",
                    experiment,
                    yaml,
                    now());
            int of = database.number("SELECT id FROM experiments WHERE name = ?", experiment);
            ExperimentSpec spec = run.spec();
            database.update(
                    "INSERT INTO runs (experiment, key, label, seed, status, started) VALUES (?, ?, ?, ?, ?, ?)"
                            + " ON CONFLICT (experiment, key) DO UPDATE SET status = excluded.status, started ="
                            + " excluded.started, label = excluded.label, ended = NULL, state_sha256 = NULL",
                    of,
                    spec.key(),
                    run.label(),
                    spec.seed(),
                    status,
                    now());
            int id = database.number("SELECT id FROM runs WHERE experiment = ? AND key = ?", of, spec.key());
            texts("settings", id, spec.settings());
            texts("versions", id, versions);
            return id;
        });
    }

    private void texts(String table, int run, Map<String, String> texts) throws SQLException {
        List<Object[]> rows = new ArrayList<>();
        texts.forEach((name, value) -> rows.add(new Object[] {run, name, value}));
        database.updateAll("INSERT OR REPLACE INTO " + table + " VALUES (?, ?, ?)", rows);
    }

    private static String now() {
        return Instant.now().toString();
    }

    /** Begins a session: forgets rounds that a resumed run runs again. */
    public void keepUpTo(int run, int completedRounds) {
        String versions = read().versions(run).toString();
        database.transaction(() -> {
            for (String table : BY_ROUND) {
                database.update("DELETE FROM " + table + " WHERE run = ? AND round > ?", run, completedRounds);
            }
            event(run, completedRounds + 1, -1, STARTED, versions);
            return null;
        });
    }

    /** Enters a round and its tasks: all of it, or nothing. */
    public void add(int run, RoundReport report, List<TaskRecord> tasks) {
        database.transaction(() -> {
            int round = report.round();
            database.update(
                    "INSERT OR REPLACE INTO rounds VALUES (?, ?, ?, ?, ?, ?)",
                    run,
                    round,
                    report.bytesDown(),
                    report.bytesUp(),
                    report.trainSeconds(),
                    report.evaluationSeconds());
            List<Object[]> metrics = new ArrayList<>();
            report.metrics()
                    .values()
                    .forEach((name, metric) -> metrics.add(new Object[] {run, round, name, metric.value()}));
            database.updateAll("INSERT OR REPLACE INTO metrics VALUES (?, ?, ?, ?)", metrics);
            clients(run, report);
            events(run, report);
            tasks(run, tasks);
            return null;
        });
    }

    private void clients(int run, RoundReport report) throws SQLException {
        Map<ClientId, Metrics> all = new TreeMap<>(report.clients());
        report.evaluations().forEach((client, measured) -> all.merge(client, measured, Metrics::merge));
        List<Object[]> rows = new ArrayList<>();
        all.forEach((client, measured) -> measured.values()
                .forEach((name, metric) ->
                        rows.add(new Object[] {run, report.round(), client.index(), name, metric.value()})));
        database.updateAll("INSERT OR REPLACE INTO client_metrics VALUES (?, ?, ?, ?, ?)", rows);
    }

    private void events(int run, RoundReport report) throws SQLException {
        for (Rejection rejection : report.rejected()) {
            event(
                    run,
                    report.round(),
                    rejection.client().index(),
                    rejection.reason().name(),
                    rejection.detail());
        }
        for (ClientFailure failure : report.failures()) {
            event(run, report.round(), failure.client().index(), "FAILED", failure.error());
        }
    }

    private void event(int run, int round, int client, String kind, String detail) throws SQLException {
        database.update("INSERT OR REPLACE INTO events VALUES (?, ?, ?, ?, ?)", run, round, client, kind, detail);
    }

    private void tasks(int run, List<TaskRecord> tasks) throws SQLException {
        List<Object[]> rows = new ArrayList<>();
        List<Object[]> metrics = new ArrayList<>();
        for (TaskRecord task : tasks) {
            int round = task.id().round();
            int client = task.id().client().index();
            String kind = task.id().kind();
            rows.add(new Object[] {
                run,
                round,
                client,
                kind,
                task.priority(),
                task.thread(),
                task.attempts(),
                task.submitted().toString(),
                task.started().toString(),
                task.ended().toString(),
                task.runTime().toNanos() / 1e9,
                task.outcome().name(),
                task.error().orElse(null),
                task.updateSha256().orElse(null)
            });
            task.metrics()
                    .values()
                    .forEach((name, metric) ->
                            metrics.add(new Object[] {run, round, client, kind, name, metric.value()}));
        }
        database.updateAll("INSERT OR REPLACE INTO tasks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows);
        database.updateAll("INSERT OR REPLACE INTO task_metrics VALUES (?, ?, ?, ?, ?, ?)", metrics);
    }

    /** Enters how a run ended. */
    public void end(int run, RunResult result) {
        database.transaction(() -> {
            database.update(
                    "UPDATE runs SET status = ?, ended = ?, state_sha256 = ? WHERE id = ?",
                    result.end().name().toLowerCase(Locale.ROOT),
                    now(),
                    result.stateSha256(),
                    run);
            return null;
        });
    }

    /** Enters that a run ended with an exception, and the tasks of the round that broke. */
    public void fail(int run, String error, List<TaskRecord> tasks) {
        database.transaction(() -> {
            tasks(run, tasks);
            database.update("UPDATE runs SET status = 'failed', ended = ? WHERE id = ?", now(), run);
            int round = 1 + database.number("SELECT coalesce(max(round), 0) FROM rounds WHERE run = ?", run);
            event(run, round, -1, "RUN FAILED", error);
            return null;
        });
    }

    @Override
    public void close() {
        database.close();
    }
}
