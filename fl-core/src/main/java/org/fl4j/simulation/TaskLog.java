package org.fl4j.simulation;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.fl4j.execution.TaskRecord;
import org.fl4j.internal.LineFile;

/**
 * Writes one line a task to a file, for people to read; {@link TaskJsonLines} is for programs. A fresh run starts the
 * file anew; a resumed run takes back the rounds it repeats.
 *
 * <pre class="text">{@code
 * 2026-03-01T10:00:00.123Z round 4, client 37, train: succeeded after 0.120 s, queued 0.010 s, rank 0, thread 1
 * }</pre>
 */
public final class TaskLog implements RunListener {
    private static final Pattern ROUND = Pattern.compile("\\S+ round ([0-9]+), .*\\.", Pattern.DOTALL);

    private final LineFile file;

    /** Names the file. */
    public TaskLog(Path file) {
        this.file = new LineFile(file);
    }

    @Override
    public void runStarted(int completedRounds, int totalRounds) {
        file.keep(line -> {
            Matcher round = ROUND.matcher(line);
            return round.matches() && Integer.parseInt(round.group(1)) <= completedRounds;
        });
    }

    @Override
    public void tasksEnded(List<TaskRecord> tasks) {
        file.append(tasks.stream().map(TaskLog::line).toList());
    }

    private static String line(TaskRecord task) {
        StringBuilder line = new StringBuilder(String.format(
                Locale.ROOT,
                "%s %s: %s after %.3f s, queued %.3f s, rank %d, thread %d",
                task.ended(),
                task.id(),
                task.outcome().name().toLowerCase(Locale.ROOT).replace('_', ' '),
                task.runTime().toNanos() / 1e9,
                task.queueWait().toNanos() / 1e9,
                task.priority(),
                task.thread()));
        if (task.attempts() > 1) {
            line.append(", attempts ").append(task.attempts());
        }
        task.metrics().values().forEach((name, metric) -> {
            if (!name.endsWith(" max")) { // which programs read elsewhere
                line.append(String.format(Locale.ROOT, ", %s %.4g", name.replaceAll("\\R", " "), metric.value()));
            }
        });
        task.error()
                .ifPresent(error ->
                        line.append(": ").append(error.lines().findFirst().orElse("")));
        return line.append('.').toString();
    }
}
