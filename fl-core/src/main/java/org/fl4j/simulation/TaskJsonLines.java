package org.fl4j.simulation;

import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.fl4j.execution.TaskId;
import org.fl4j.execution.TaskRecord;
import org.fl4j.internal.Check;
import org.fl4j.internal.JsonFields;
import org.fl4j.internal.RoundLines;
import org.fl4j.message.ClientId;

/**
 * Writes one JSON object a task to a file: round, client, kind, priority, thread, attempts, when it was submitted,
 * started and ended, seconds queued and running, outcome, error, metrics (privacy spent, mechanism and scale;
 * resources) and the update's hash. A fresh run starts the file anew; a resumed run takes back the rounds it repeats.
 */
public final class TaskJsonLines implements RunListener {
    private final RoundLines lines;

    /** Names the file. */
    public TaskJsonLines(Path file) {
        lines = new RoundLines(file);
    }

    /**
     * Returns the records that a run wrote to a file; a last line that a crash cut short is left out.
     *
     * @throws IllegalArgumentException if the content is wrong; names file, line, field and rule
     */
    public static List<TaskRecord> read(Path file) {
        return new RoundLines(file).read(TaskJsonLines::read);
    }

    @Override
    public void runStarted(int completedRounds, int totalRounds) {
        lines.keepUpTo(completedRounds);
    }

    @Override
    public void tasksEnded(List<TaskRecord> tasks) {
        lines.append(tasks.stream().map(TaskJsonLines::write).toList());
    }

    private static JsonObject write(TaskRecord task) {
        JsonObject json = new JsonObject();
        json.addProperty("round", task.id().round());
        json.addProperty("client", task.id().client().index());
        json.addProperty("kind", task.id().kind());
        json.addProperty("priority", task.priority());
        json.addProperty("thread", task.thread());
        json.addProperty("attempts", task.attempts());
        json.addProperty("submitted", task.submitted().toString());
        json.addProperty("started", task.started().toString());
        json.addProperty("ended", task.ended().toString());
        json.addProperty("queueSeconds", seconds(task.queueWait()));
        json.addProperty("runSeconds", seconds(task.runTime()));
        json.addProperty("outcome", task.outcome().name());
        task.error().ifPresent(error -> json.addProperty("error", error));
        json.add("metrics", ReportJson.write(task.metrics()));
        task.updateSha256().ifPresent(hash -> json.addProperty("updateSha256", hash));
        return json;
    }

    private static TaskRecord read(JsonObject json) {
        JsonFields fields = JsonFields.of(json);
        double seconds = Check.notNegative("runSeconds", fields.number("runSeconds"));
        return new TaskRecord(
                new TaskId(fields.whole("round"), new ClientId(fields.whole("client")), fields.text("kind")),
                fields.whole("priority"),
                fields.whole("thread"),
                fields.whole("attempts"),
                fields.time("submitted"),
                fields.time("started"),
                fields.time("ended"),
                Duration.ofNanos(Math.round(seconds * 1e9)),
                fields.oneOf("outcome", TaskRecord.Outcome.class),
                fields.optionalText("error"),
                ReportJson.readMetrics(fields.object("metrics")),
                fields.optionalText("updateSha256"));
    }

    private static double seconds(Duration time) {
        return time.toNanos() / 1e9;
    }
}
