package org.fl4j.examples.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.fl4j.simulation.TaskJsonLines;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** An experiment where the user may read but not write: everything that only reads works, and nothing changes. */
class ReadOnlyPlaceIT {
    /** Root may write anywhere; without these rights it is bound by permissions like everyone. */
    private static final List<String> WITHOUT_ROOTS_RIGHTS = List.of(
            "setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search");

    @TempDir
    Path directory;

    private Path experiment;
    private List<String> prefix = List.of();

    @BeforeEach
    void runAndProtect() throws Exception {
        experiment = directory.resolve("experiment");
        Path file = Files.writeString(
                directory.resolve("one.yaml"), "data: {clients: 20}\nmodel: softmax\ncohort: 4\nrounds: 2\n");
        assertThat(ChildJvm.in(directory)
                        .run("run", file.toString(), "--out", experiment.toString())
                        .code())
                .isZero();
        setWritable(false);
        if (canWrite(List.of())) {
            prefix = WITHOUT_ROOTS_RIGHTS;
            assumeTrue(
                    !canWrite(prefix), "skipped: this user may write anywhere, and setpriv cannot take that away here");
        }
    }

    @AfterEach
    void unprotect() throws IOException {
        setWritable(true);
    }

    private void setWritable(boolean writable) throws IOException {
        try (Stream<Path> files = Files.walk(experiment)) {
            for (Path path : files.toList()) {
                assumeTrue(path.toFile().setWritable(writable), "skipped: permissions cannot be set here");
            }
        }
    }

    /** Returns whether a process can make a file in the experiment, or cannot be started so. */
    private boolean canWrite(List<String> with) throws InterruptedException {
        List<String> command = new ArrayList<>(with);
        Path probe = experiment.resolve("probe");
        Collections.addAll(command, "sh", "-c", "touch '" + probe + "' 2> /dev/null; test ! -e '" + probe + "'");
        try {
            boolean refused = new ProcessBuilder(command).start().waitFor() == 0;
            Files.deleteIfExists(probe);
            return !refused;
        } catch (IOException e) {
            return true;
        }
    }

    private Map<String, String> contents() throws Exception {
        Map<String, String> contents = new TreeMap<>();
        try (Stream<Path> files = Files.walk(experiment)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                contents.put(
                        experiment.relativize(file).toString(),
                        HexFormat.of()
                                .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file))));
            }
        }
        return contents;
    }

    /**
     * Runs commands, which are separated by {@code then}, one after another in one JVM, and prints the code of each.
     */
    public static final class Commands {
        private Commands() {}

        /** Takes the commands. */
        public static void main(String[] arguments) {
            List<String> command = new ArrayList<>();
            for (String argument : arguments) {
                if (argument.equals("then")) {
                    int code = Main.commandLine().execute(command.toArray(String[]::new));
                    System.out.println(command.get(0) + " ended with " + code);
                    command.clear();
                } else {
                    command.add(argument);
                }
            }
            System.exit(CommandLine.ExitCode.OK);
        }
    }

    @Test
    void everythingThatReadsWorks() throws Exception {
        Map<String, String> before = contents();
        String place = experiment.toString();
        Path own;
        try (Stream<Path> runs = Files.list(experiment.resolve("runs"))) {
            own = runs.findFirst().orElseThrow();
        }
        String client = String.valueOf(TaskJsonLines.read(own.resolve("tasks.jsonl"))
                .get(0)
                .id()
                .client()
                .index());
        List<String> commands = new ArrayList<>();
        for (List<String> command : List.of(
                List.of("list", place),
                List.of("compare", place),
                List.of("watch", place),
                List.of("bottlenecks", place),
                List.of("report", place, "--to", directory.resolve("reports").toString()),
                List.of(
                        "export",
                        place,
                        "--csv",
                        directory.resolve("metrics.csv").toString()),
                List.of(
                        "export",
                        place,
                        "--tensorboard",
                        directory.resolve("events").toString()),
                List.of("replay", place, "--round", "1", "--client", client))) {
            commands.addAll(command);
            commands.add("then");
        }
        ChildJvm.Outcome outcome =
                ChildJvm.in(directory).withPrefix(prefix).run(Commands.class, commands.toArray(String[]::new));
        assertThat(outcome.out().lines().filter(line -> line.contains(" ended with ")))
                .as(outcome.toString())
                .containsExactly(
                        "list ended with 0",
                        "compare ended with 0",
                        "watch ended with 0",
                        "bottlenecks ended with 0",
                        "report ended with 0",
                        "export ended with 0",
                        "export ended with 0",
                        "replay ended with 0");
        assertThat(outcome.out()).contains(" completed ", "8 tasks on ", "the same");
        assertThat(directory.resolve("reports/report.html")).isNotEmptyFile();
        assertThat(directory.resolve("metrics.csv")).isNotEmptyFile();
        assertThat(contents()).isEqualTo(before);
    }

    @Test
    void whatCannotBeWrittenIsNamed() throws Exception {
        ChildJvm.Outcome outcome = ChildJvm.in(directory).withPrefix(prefix).run("report", experiment.toString());
        assertThat(outcome.code()).isEqualTo(1);
        assertThat(outcome.err())
                .contains(
                        "cannot write " + experiment.resolve("report.html") + ": java.nio.file.AccessDeniedException");
    }
}
