package org.fl4j.examples.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * The command-line program as a user starts it, in a process of its own.
 *
 * @param prefix a command that starts the process, such as {@code setpriv} and its options; usually none
 * @param options of the JVM
 * @param environment variables that the process has beside those of this one
 * @param directory where it runs
 * @param classPath absolute names of jars and folders
 */
record ChildJvm(
        List<String> prefix,
        List<String> options,
        Map<String, String> environment,
        Path directory,
        List<String> classPath) {
    /** How it ended, and what it printed. */
    record Outcome(int code, String out, String err) {}

    static ChildJvm in(Path directory) {
        return new ChildJvm(List.of(), List.of(), Map.of(), directory, ownClassPath());
    }

    ChildJvm withOptions(String... more) {
        List<String> all = new ArrayList<>(options);
        all.addAll(List.of(more));
        return new ChildJvm(prefix, all, environment, directory, classPath);
    }

    ChildJvm withPrefix(List<String> other) {
        return new ChildJvm(other, options, environment, directory, classPath);
    }

    ChildJvm withVariable(String name, String value) {
        Map<String, String> all = new TreeMap<>(environment);
        all.put(name, value);
        return new ChildJvm(prefix, options, all, directory, classPath);
    }

    ChildJvm withClassPath(List<String> other) {
        return new ChildJvm(prefix, options, environment, directory, other);
    }

    Outcome run(String... arguments) throws IOException, InterruptedException {
        return run(Main.class, arguments);
    }

    Outcome run(Class<?> main, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(prefix);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx1g", "-Dfile.encoding=UTF-8", "-Dsun.stdout.encoding=UTF-8"));
        command.addAll(options);
        command.addAll(List.of("-cp", String.join(File.pathSeparator, classPath), main.getName()));
        command.addAll(List.of(arguments));
        Path out = Files.createTempFile("fl4j", ".out");
        Path err = Files.createTempFile("fl4j", ".err");
        try {
            ProcessBuilder builder = new ProcessBuilder(command)
                    .directory(directory.toFile())
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile());
            builder.environment().putAll(environment);
            Process process = builder.start();
            try {
                assertThat(process.waitFor(5, TimeUnit.MINUTES))
                        .as("%s ends", List.of(arguments))
                        .isTrue();
            } finally {
                process.destroyForcibly();
            }
            return new Outcome(
                    process.exitValue(),
                    Files.readString(out, StandardCharsets.UTF_8),
                    Files.readString(err, StandardCharsets.UTF_8));
        } finally {
            Files.delete(out);
            Files.delete(err);
        }
    }

    /** Returns the class path of this process, with absolute names: the child may run in another folder. */
    static List<String> ownClassPath() {
        List<String> entries = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            entries.add(Path.of(entry).toAbsolutePath().toString());
        }
        return entries;
    }
}
