package org.fl4j.execution;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.fl4j.execution.TaskRecord.Outcome;
import org.fl4j.internal.Check;

/**
 * Where the time of a run's tasks went, of one session: time between a crash and a resume would count as waiting. Tasks
 * that never ran are only counted.
 *
 * @param workers how many tasks could run at once
 * @param outcomes how many tasks ended how
 * @param run how long tasks ran
 * @param queueWait how long they were queued before
 * @param makespanSeconds from the first submission to the last end
 * @param utilisation in [0, 1]: what tasks ran together, of what workers had in that time
 * @param slowest those that ran longest, the longest first
 * @param criticalPath the tasks that made the run as long as it was, in their order: the one that ended last, before it
 *     the one that held its thread while it was queued or else the one that ended last before it was submitted, and so
 *     on
 */
public record BottleneckReport(
        int workers,
        Map<Outcome, Integer> outcomes,
        Spread run,
        Spread queueWait,
        double makespanSeconds,
        double utilisation,
        List<TaskRecord> slowest,
        List<TaskRecord> criticalPath) {
    /**
     * How long something took, in seconds, by nearest rank: the least value that so many per cent of all do not exceed.
     *
     * @param p50 the median
     * @param p95 what 5 % exceed
     * @param max the longest
     */
    public record Spread(double p50, double p95, double max) {
        static Spread of(List<TaskRecord> tasks, Function<TaskRecord, Duration> time) {
            double[] sorted = tasks.stream()
                    .mapToDouble(task -> seconds(time.apply(task)))
                    .sorted()
                    .toArray();
            return sorted.length == 0
                    ? new Spread(0, 0, 0)
                    : new Spread(rank(sorted, 50), rank(sorted, 95), sorted[sorted.length - 1]);
        }

        private static double rank(double[] sorted, int percent) {
            return sorted[(sorted.length * percent + 99) / 100 - 1];
        }
    }

    /** Copies the collections. */
    public BottleneckReport {
        outcomes = Map.copyOf(outcomes);
        slowest = List.copyOf(slowest);
        criticalPath = List.copyOf(criticalPath);
    }

    /**
     * Looks at what became of a run's tasks.
     *
     * @param tasks in any order
     * @param workers how many could run at once, at least 1
     * @param slowestCount how many of the slowest to name, at least 0
     */
    public static BottleneckReport of(Collection<TaskRecord> tasks, int workers, int slowestCount) {
        Check.positive("workers", workers);
        Check.atLeast("slowestCount", 0, slowestCount);
        Map<Outcome, Integer> outcomes = new EnumMap<>(Outcome.class);
        tasks.forEach(task -> outcomes.merge(task.outcome(), 1, Integer::sum));
        List<TaskRecord> ran =
                tasks.stream().filter(task -> task.attempts() > 0).toList();
        Spread run = Spread.of(ran, TaskRecord::runTime);
        Spread wait = Spread.of(ran, TaskRecord::queueWait);
        if (ran.isEmpty()) {
            return new BottleneckReport(workers, outcomes, run, wait, 0, 0, List.of(), List.of());
        }
        Instant first = ran.stream()
                .map(TaskRecord::submitted)
                .min(Comparator.naturalOrder())
                .orElseThrow();
        Instant last = ran.stream()
                .map(TaskRecord::ended)
                .max(Comparator.naturalOrder())
                .orElseThrow();
        double makespan = seconds(Duration.between(first, last));
        double busy = ran.stream().mapToDouble(task -> seconds(task.runTime())).sum();
        List<TaskRecord> slowest = ran.stream()
                .sorted(Comparator.comparing(TaskRecord::runTime).reversed())
                .limit(slowestCount)
                .toList();
        return new BottleneckReport(
                workers,
                outcomes,
                run,
                wait,
                makespan,
                makespan == 0 ? 0 : busy / (workers * makespan),
                slowest,
                criticalPath(ran));
    }

    private static List<TaskRecord> criticalPath(List<TaskRecord> ran) {
        List<TaskRecord> byEnd = new ArrayList<>(ran);
        byEnd.sort(Comparator.comparing(TaskRecord::ended)
                .thenComparing(TaskRecord::started, Comparator.reverseOrder())
                .thenComparing(task -> task.id().toString()));
        Map<Integer, List<TaskRecord>> byThread = byEnd.stream().collect(Collectors.groupingBy(TaskRecord::thread));
        Deque<TaskRecord> path = new ArrayDeque<>();
        Optional<TaskRecord> at = Optional.of(byEnd.get(byEnd.size() - 1));
        while (at.isPresent()) {
            TaskRecord task = at.get();
            path.addFirst(task);
            at = Optional.of(task)
                    .filter(one -> one.attempts() == 1) // of several, the threads before the last are not known
                    .flatMap(one -> endedBy(byThread.get(one.thread()), one.started(), one))
                    .filter(holder -> holder.ended().isAfter(task.submitted()))
                    .or(() -> endedBy(byEnd, task.submitted(), task));
        }
        return List.copyOf(path);
    }

    /**
     * Returns, of those that began before another, the one that ended last, up to a time; of several the one that took
     * longest.
     *
     * @param byEnd sorted by end, those that took longest last
     */
    private static Optional<TaskRecord> endedBy(List<TaskRecord> byEnd, Instant time, TaskRecord other) {
        int low = 0; // all before it ended by the time
        int high = byEnd.size(); // none from it on did
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (byEnd.get(middle).ended().isAfter(time)) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        for (int i = low - 1; i >= 0; i--) {
            if (byEnd.get(i).started().isBefore(other.started())) {
                return Optional.of(byEnd.get(i)); // paths go back in time
            }
        }
        return Optional.empty();
    }

    private static double seconds(Duration time) {
        return time.toNanos() / 1e9;
    }

    /** Returns a text of some lines. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        int tasks = outcomes.values().stream().mapToInt(count -> count).sum();
        text.append(String.format(Locale.ROOT, "%d tasks on %d workers", tasks, workers));
        Arrays.stream(Outcome.values())
                .filter(outcomes::containsKey)
                .forEach(outcome ->
                        text.append(String.format(Locale.ROOT, ", %d %s", outcomes.get(outcome), words(outcome))));
        text.append(String.format(
                Locale.ROOT,
                "%n%.3f s from first to last, %.1f %% of workers' time used%n",
                makespanSeconds,
                100 * utilisation));
        text.append(String.format(Locale.ROOT, "%-10s %10s %10s %10s%n", "seconds", "p50", "p95", "max"));
        line(text, "running", run);
        line(text, "queued", queueWait);
        double critical = criticalPath.stream()
                .mapToDouble(task -> seconds(task.runTime()))
                .sum();
        text.append(String.format(
                Locale.ROOT, "critical path: %d tasks, %.3f s of running%n", criticalPath.size(), critical));
        slowest.forEach(
                task -> text.append(String.format(Locale.ROOT, "%10.3f s  %s%n", seconds(task.runTime()), task.id())));
        return text.toString();
    }

    private static String words(Outcome outcome) {
        return outcome.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    private static void line(StringBuilder text, String name, Spread spread) {
        text.append(String.format(
                Locale.ROOT, "%-10s %10.3f %10.3f %10.3f%n", name, spread.p50(), spread.p95(), spread.max()));
    }
}
