package org.fl4j.examples.benchmark;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.fl4j.internal.Check;

/**
 * Times workloads in FL4J and in loops of its peers, all in turns and each in a process of its own, and writes a table.
 *
 * @param python the interpreter of an environment with numpy and torch, and jax and fedjax or not
 * @param scripts the directory of torch_loops.py and fedjax_loop.py
 * @param data the directory of what the workloads read: MNIST, CIFAR-10 or a text
 * @param turns how often each system runs, at least 1
 * @param runner runs a command and returns what it printed
 */
record SideBySide(Path python, Path scripts, String data, int turns, Function<List<String>, String> runner) {
    private static final Pattern SECONDS = Pattern.compile("\"round_seconds_median\": ([0-9.eE-]+)");

    /** Checks the number of turns. */
    SideBySide {
        Check.atLeast("turns", 1, turns);
    }

    /** The seconds a round of each system, one for each turn; none of one that could not run. */
    private record Times(Map<String, List<Double>> bySystem) {
        double median(String system) {
            List<Double> sorted = new ArrayList<>(bySystem.get(system));
            Collections.sort(sorted);
            int half = sorted.size() / 2;
            if (sorted.isEmpty()) {
                return Double.NaN;
            }
            return sorted.size() % 2 == 1 ? sorted.get(half) : (sorted.get(half - 1) + sorted.get(half)) / 2;
        }

        String best() {
            return bySystem.keySet().stream()
                    .filter(system ->
                            !system.startsWith("FL4J") && !bySystem.get(system).isEmpty())
                    .min((a, b) -> Double.compare(median(a), median(b)))
                    .orElse("");
        }
    }

    /** Runs the workloads and prints a table of each, with medians, the least and the largest of the turns. */
    void print(List<BenchmarkCase> workloads, PrintStream out) {
        for (BenchmarkCase work : workloads) {
            Map<String, List<String>> commands = commands(work);
            Map<String, List<Double>> bySystem = new LinkedHashMap<>();
            commands.keySet().forEach(system -> bySystem.put(system, new ArrayList<>()));
            for (int turn = 0; turn < turns; turn++) {
                commands.forEach((system, command) ->
                        seconds(command).ifPresent(found -> bySystem.get(system).add(found)));
            }
            print(work, new Times(bySystem), out);
        }
    }

    private static void print(BenchmarkCase work, Times times, PrintStream out) {
        out.printf("%n| %s | ms a round | against the best peer |%n| --- | --- | --- |%n", work.name());
        String best = times.best();
        times.bySystem().forEach((system, seconds) -> {
            if (seconds.isEmpty()) {
                out.printf("| %s | could not run | |%n", system);
            } else {
                out.printf(
                        Locale.ROOT,
                        "| %s | %.1f (%.1f to %.1f) | %s |%n",
                        system,
                        1e3 * times.median(system),
                        1e3 * Collections.min(seconds),
                        1e3 * Collections.max(seconds),
                        best.isEmpty()
                                ? ""
                                : String.format(Locale.ROOT, "%.2f", times.median(system) / times.median(best)));
            }
        });
    }

    private OptionalDouble seconds(List<String> command) {
        Matcher found = SECONDS.matcher(runner.apply(command));
        OptionalDouble last = OptionalDouble.empty();
        while (found.find()) {
            last = OptionalDouble.of(Double.parseDouble(found.group(1)));
        }
        return last;
    }

    /** Returns the command of each system; what cannot do a workload is left out. */
    private Map<String, List<String>> commands(BenchmarkCase work) {
        boolean dense = work == BenchmarkCase.P1 || work == BenchmarkCase.P3 || work == BenchmarkCase.P6;
        Map<String, List<String>> commands = new LinkedHashMap<>();
        commands.put("FL4J, two workers", java(work, 2));
        commands.put("FL4J, one worker", java(work, 1));
        commands.put("PyTorch, one thread", torch(work, "loop", 1, 1));
        commands.put("PyTorch, two threads", torch(work, "loop", 2, 1));
        commands.put("PyTorch, two processes", torch(work, "loop", 1, 2));
        if (dense) {
            commands.put("PyTorch by hand, one thread", torch(work, "hand", 1, 1));
            commands.put("PyTorch with vmap, one thread", torch(work, "vmap", 1, 1));
            commands.put("PyTorch batched by hand, one thread", torch(work, "batched", 1, 1));
            commands.put("FedJAX, one thread", peer("fedjax_loop.py", work, "jit", 1, 1));
            commands.put("FedJAX, two threads", peer("fedjax_loop.py", work, "jit", 2, 1));
        }
        return commands;
    }

    private List<String> java(BenchmarkCase work, int workers) {
        String java = ProcessHandle.current().info().command().orElse("java");
        return List.of(
                java,
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                "org.fl4j.examples.command.Main",
                "benchmark",
                work.name().toLowerCase(Locale.ROOT),
                "--data",
                data,
                "--rounds",
                String.valueOf(rounds(work)),
                "--workers",
                String.valueOf(workers));
    }

    private List<String> torch(BenchmarkCase work, String kind, int threads, int processes) {
        return peer("torch_loops.py", work, kind, threads, processes);
    }

    private List<String> peer(String script, BenchmarkCase work, String kind, int threads, int processes) {
        Map<String, Object> options = new LinkedHashMap<>();
        options.put("kind", kind);
        options.put("model", model(work));
        options.put("data", data);
        options.put("clients", work.clients);
        options.put("examples", work.examplesPerClient);
        options.put("cohort", work.cohort);
        options.put("batch", work.batch);
        options.put("rounds", rounds(work));
        options.put("rate", work.learningRate);
        options.put("threads", threads);
        options.put("processes", processes);
        List<String> command = new ArrayList<>(
                List.of(python.toString(), scripts.resolve(script).toString()));
        options.forEach((name, value) -> command.addAll(List.of("--" + name, value.toString())));
        return command;
    }

    /** Rounds of milliseconds need many until all systems are warm. */
    private static int rounds(BenchmarkCase work) {
        return switch (work) {
            case P3 -> 200;
            case P6 -> 300;
            case P1, P2, P5, P8, P9, P10 -> work.rounds;
        };
    }

    private static String model(BenchmarkCase work) {
        return switch (work) {
            case P1 -> "2nn";
            case P2 -> "cnn";
            case P3, P6 -> "softmax";
            case P5 -> "cifar-cnn";
            case P8 -> "lstm";
            case P9 -> "resnet";
            case P10 -> "transformer";
        };
    }

    /** Runs a process, whose errors are shown, and returns what it printed. */
    static String run(List<String> command) {
        try {
            Path log = Files.createTempFile("peer", ".log");
            Process process =
                    new ProcessBuilder(command).redirectError(log.toFile()).start();
            try {
                String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                if (process.waitFor() != 0) {
                    System.err.println(command + " failed: "
                            + Files.readString(log).lines().collect(Collectors.joining("\n    ", "\n    ", "")));
                    return "";
                }
                return printed;
            } finally {
                process.destroy(); // it runs on only if this thread was interrupted
                Files.delete(log);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while a peer ran", e);
        }
    }
}
