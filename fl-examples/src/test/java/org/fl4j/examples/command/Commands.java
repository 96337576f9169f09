package org.fl4j.examples.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine;

/**
 * Runs commands in this process and collects what they print. The console is replaced once by one that knows, for each
 * test's thread and those that it starts, where to print; so tests run side by side.
 */
final class Commands {
    private static final PrintStream CONSOLE = System.out;
    private static final InheritableThreadLocal<OutputStream> OUT = new InheritableThreadLocal<>();

    static {
        System.setOut(new PrintStream(new Dispatching(), true, StandardCharsets.UTF_8));
    }

    /** A run of some seconds, to which options are added. */
    private static final List<String> SMALL =
            List.of("mnist", "--model", "softmax", "--rounds", "2", "--clients", "20", "--cohort", "4");

    private Commands() {}

    /** Returns the arguments of a small run with more options. */
    static String[] small(String... more) {
        return Stream.concat(SMALL.stream(), Stream.of(more)).toArray(String[]::new);
    }

    /** Returns arguments with more behind them. */
    static String[] with(String[] arguments, String... more) {
        return Stream.concat(Stream.of(arguments), Stream.of(more)).toArray(String[]::new);
    }

    /** Returns the hash of the model that a run ended with. */
    static String hash(Outcome outcome) {
        Matcher matcher = Pattern.compile("state SHA-256   ([0-9a-f]{64})").matcher(outcome.out());
        assertThat(matcher.find()).as(outcome.toString()).isTrue();
        return matcher.group(1);
    }

    /**
     * What a command did.
     *
     * @param code the exit code
     * @param out what it printed
     * @param err what it printed as errors
     */
    record Outcome(int code, String out, String err) {}

    /** Runs a command as the program would. */
    static Outcome run(String... arguments) {
        StringWriter err = new StringWriter();
        int[] code = new int[1];
        String out = output(() -> {
            CommandLine commandLine = Main.commandLine().setErr(new PrintWriter(err));
            code[0] = commandLine.execute(arguments);
        });
        return new Outcome(code[0], out, err.toString());
    }

    /** Returns what a program prints. */
    static String output(Runnable program) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        OutputStream before = OUT.get();
        OUT.set(out);
        try {
            program.run();
        } finally {
            OUT.set(before);
        }
        return out.toString(StandardCharsets.UTF_8);
    }

    private static final class Dispatching extends OutputStream {
        private static OutputStream target() {
            OutputStream own = OUT.get();
            return own == null ? CONSOLE : own;
        }

        @Override
        public void write(int value) {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int count) {
            try {
                target().write(bytes, from, count);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
