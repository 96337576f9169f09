package org.fl4j.examples.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Errors of the virtual machine leave every command as one message and one exit code. */
class ErrorsTest {
    @Command(name = "fails")
    private record Failing(Supplier<Error> error) implements Runnable {
        @Override
        public void run() {
            throw error.get();
        }
    }

    private static String messageOf(Error error) {
        StringWriter err = new StringWriter();
        CommandLine program = Main.commandLine()
                .addSubcommand(new CommandLine(new Failing(() -> error)))
                .setErr(new PrintWriter(err, true));
        assertThat(program.execute("fails")).isEqualTo(1);
        return err.toString().strip();
    }

    @Test
    void saysWhatHappenedAndWhatToDo() {
        String more = " (-Dfl4j.stackTraces=true shows where)";
        assertThat(messageOf(new OutOfMemoryError("Java heap space")))
                .isEqualTo(
                        "out of memory: Java heap space. Give Java more with -Xmx (or FL4J_HEAP for the script fl4j),"
                                + " or use fewer workers, a smaller batch or a smaller cohort" + more);
        assertThat(messageOf(new StackOverflowError()))
                .isEqualTo("stack overflow: something is nested too deeply. Give threads more with -Xss, or look for a"
                        + " definition that contains itself" + more);
        assertThat(messageOf(new NoClassDefFoundError("org/nd4j/linalg/factory/Nd4j")))
                .isEqualTo("cannot load a part of the program: java.lang.NoClassDefFoundError:"
                        + " org/nd4j/linalg/factory/Nd4j. Maybe a jar is missing from the class path, or one of another"
                        + " version is on it" + more);
        assertThat(messageOf(new InternalError("odd")))
                .isEqualTo("unexpected error: java.lang.InternalError: odd" + more);
    }
}
