package org.fl4j.experiments;

import java.sql.SQLException;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.fl4j.execution.TaskId;
import org.fl4j.execution.TaskRecord;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.metrics.Metrics;

/** What is in a {@link TrackingStore}. */
public final class TrackedRuns {
    /** The status of a run that was declared and has not begun. */
    static final String WAITING = "waiting";

    private final Database database;

    TrackedRuns(Database database) {
        this.database = database;
    }

    /** A run, and how far it is; {@code seconds} are those of its rounds. */
    public record StoredRun(
            int id,
            String experiment,
            String key,
            String label,
            long seed,
            String status,
            int rounds,
            Optional<String> stateSha256,
            Optional<Double> seconds) {
        /** Returns whether it came to its end, all rounds or a rule to stop. */
        public boolean isFinished() {
            return status.equals("completed") || status.equals("stopped_early");
        }
    }

    /** Something that happened to a client, or, with the client -1, to the run. */
    public record Event(int round, int client, String kind, String detail) {}

    private record ClientValue(int round, int client, double value) {}

    /** What a round took. */
    public record Cost(long bytesDown, long bytesUp, double trainSeconds, double evaluationSeconds) {}

    /** Returns all runs, in the order in which they were entered. */
    public List<StoredRun> all() {
        return database.rows(
                "runs",
                "SELECT r.id AS id, e.name AS name, r.key AS key, r.label AS label, r.seed AS seed, r.status AS status,"
                        + " (SELECT count(*) FROM rounds WHERE run = r.id) AS rounds, r.state_sha256 AS state_sha256,"
                        + " (SELECT sum(train_seconds + evaluation_seconds) FROM rounds WHERE run = r.id) AS seconds"
                        + " FROM runs r JOIN experiments e ON e.id = r.experiment ORDER BY r.id",
                row -> new StoredRun(
                        row.whole("id"),
                        row.text("name"),
                        row.text("key"),
                        row.text("label"),
                        row.longWhole("seed"),
                        row.text("status"),
                        row.whole("rounds"),
                        row.optionalText("state_sha256"),
                        row.optionalNumber("seconds")));
    }

    /**
     * Returns the run whose key starts so; without a start, the only run.
     *
     * @throws IllegalArgumentException if there is not exactly one
     */
    public StoredRun one(Optional<String> keyStart) {
        List<StoredRun> all = all();
        List<StoredRun> matching = all.stream()
                .filter(run -> run.key().startsWith(keyStart.orElse("")))
                .toList();
        Check.that(
                matching.size() == 1,
                "run",
                "the start of exactly one of "
                        + all.stream().map(StoredRun::key).toList(),
                keyStart.orElse("left out"));
        return matching.get(0);
    }

    /** Returns the names of a run's metrics. */
    public List<String> metricNames(int run) {
        return database.rows(
                "metrics",
                "SELECT DISTINCT name FROM metrics WHERE run = ? ORDER BY name",
                row -> row.text("name"),
                run);
    }

    /** Returns a metric by round. */
    public Map<Integer, Double> metric(int run, String name) {
        Map<Integer, Double> byRound = new LinkedHashMap<>();
        database.rows(
                        "metrics",
                        "SELECT round, value FROM metrics WHERE run = ? AND name = ? ORDER BY round",
                        row -> Map.entry(row.whole("round"), row.number("value")),
                        run,
                        name)
                .forEach(entry -> byRound.put(entry.getKey(), entry.getValue()));
        return byRound;
    }

    /** Returns a metric's last value, if it was ever measured. */
    public Optional<Double> last(int run, String name) {
        return metric(run, name).values().stream().reduce((earlier, later) -> later);
    }

    /** Returns a metric of clients by round and client. */
    public Map<Integer, Map<Integer, Double>> clientMetrics(int run, String name) {
        Map<Integer, Map<Integer, Double>> byRound = new TreeMap<>();
        database.rows(
                        "client_metrics",
                        "SELECT round, client, value FROM client_metrics WHERE run = ? AND name = ? ORDER BY round,"
                                + " client",
                        row -> new ClientValue(row.whole("round"), row.whole("client"), row.number("value")),
                        run,
                        name)
                .forEach(of -> byRound.computeIfAbsent(of.round(), any -> new TreeMap<>())
                        .put(of.client(), of.value()));
        return byRound;
    }

    /** Returns a metric by client, of the last round that has it. */
    public Map<Integer, Double> lastOfClients(int run, String name) {
        return clientMetrics(run, name).values().stream()
                .reduce((earlier, later) -> later)
                .orElse(Map.of());
    }

    /** Returns a run's settings. */
    public Map<String, String> settings(int run) {
        return texts("settings", run);
    }

    /** Returns with what a run was made. */
    public Map<String, String> versions(int run) {
        return texts("versions", run);
    }

    private Map<String, String> texts(String table, int run) {
        Map<String, String> texts = new TreeMap<>();
        database.rows(
                        table,
                        "SELECT name, value FROM " + table + " WHERE run = ?",
                        row -> Map.entry(row.text("name"), row.text("value")),
                        run)
                .forEach(entry -> texts.put(entry.getKey(), entry.getValue()));
        return texts;
    }

    /** Returns a run's events by round. */
    public List<Event> events(int run) {
        return database.rows(
                "events",
                "SELECT round, client, kind, detail FROM events WHERE run = ? ORDER BY round, client",
                row -> new Event(row.whole("round"), row.whole("client"), row.text("kind"), row.text("detail")),
                run);
    }

    /** Returns the round with which the last session began that has any: 1, or where the run was resumed. */
    public int lastSession(int run) {
        int rounds = costs(run).size();
        return events(run).stream()
                .filter(event -> event.kind().equals(TrackingStore.STARTED))
                .mapToInt(Event::round)
                .filter(round -> round <= rounds)
                .max()
                .orElse(1);
    }

    /** Returns what each round took. */
    public Map<Integer, Cost> costs(int run) {
        Map<Integer, Cost> costs = new TreeMap<>();
        database.rows(
                        "rounds",
                        "SELECT round, bytes_down, bytes_up, train_seconds, evaluation_seconds FROM rounds WHERE run ="
                                + " ?",
                        row -> Map.entry(
                                row.whole("round"),
                                new Cost(
                                        row.longWhole("bytes_down"),
                                        row.longWhole("bytes_up"),
                                        row.number("train_seconds"),
                                        row.number("evaluation_seconds"))),
                        run)
                .forEach(entry -> costs.put(entry.getKey(), entry.getValue()));
        return costs;
    }

    /** Returns the bytes a run sent, down and up. */
    public long bytes(int run) {
        return costs(run).values().stream()
                .mapToLong(cost -> cost.bytesDown() + cost.bytesUp())
                .sum();
    }

    /** Returns what became of a run's tasks, by round and in the order in which they ended. */
    public List<TaskRecord> tasks(int run) {
        Map<TaskId, Metrics> measured = new HashMap<>();
        database.rows(
                        "task_metrics",
                        "SELECT round, client, kind, name, value FROM task_metrics WHERE run = ?",
                        row -> Map.entry(id(row), Metrics.of(row.text("name"), row.number("value"), 1)),
                        run)
                .forEach(entry -> measured.merge(entry.getKey(), entry.getValue(), Metrics::merge));
        List<TaskRecord> tasks = database.rows(
                "tasks",
                "SELECT * FROM tasks WHERE run = ?",
                row -> new TaskRecord(
                        id(row),
                        row.whole("priority"),
                        row.whole("thread"),
                        row.whole("attempts"),
                        row.time("submitted"),
                        row.time("started"),
                        row.time("ended"),
                        Duration.ofNanos(Math.round(Check.notNegative("run_seconds", row.number("run_seconds")) * 1e9)),
                        row.oneOf("outcome", TaskRecord.Outcome.class),
                        row.optionalText("error"),
                        measured.getOrDefault(id(row), Metrics.none()),
                        row.optionalText("update_sha256")),
                run);
        tasks.sort(Comparator.comparing((TaskRecord task) -> task.id().round()).thenComparing(TaskRecord::ended));
        return tasks;
    }

    private static TaskId id(TableRow row) throws SQLException {
        return new TaskId(row.whole("round"), new ClientId(row.whole("client")), row.text("kind"));
    }
}
