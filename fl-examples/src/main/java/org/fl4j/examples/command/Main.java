package org.fl4j.examples.command;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntSupplier;
import org.fl4j.examples.benchmark.BenchmarkCommand;
import org.fl4j.examples.benchmark.DeviceCheckCommand;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The command-line program: {@code java -jar fl-examples.jar mnist --rounds 20}. */
@Command(
        name = "fl-examples",
        description = "Federated learning experiments with FL4J.",
        mixinStandardHelpOptions = true,
        version = "FL4J 0.1.0")
public final class Main {
    /** A system property: whether to print where an {@link Error} happened. */
    private static final String TRACES = "fl4j.stackTraces";

    /** What the program knows beside the commands that train. */
    private static final List<Class<?>> OTHER_COMMANDS = List.of(
            ExperimentCommands.Run.class,
            ExperimentCommands.Resume.class,
            ExperimentCommands.ListRuns.class,
            ExperimentCommands.Watch.class,
            CompareCommand.class,
            RunCommands.Report.class,
            RunCommands.Bottlenecks.class,
            RunCommands.ReplayOne.class,
            RunCommands.Export.class,
            ChartCommand.class,
            StrategiesCommand.class,
            SchemaCommand.class,
            BenchmarkCommand.class,
            DeviceCheckCommand.class,
            GenerateCompletion.class);

    @Option(
            names = "--plugins",
            paramLabel = "DIR",
            scope = ScopeType.INHERIT,
            description = "A folder with jars that add strategies by name.")
    private Path plugins;

    private Main() {}

    /** Runs a sub-command; the process ends with 0, 1 after a failed run, or 2 for bad arguments. */
    public static void main(String[] arguments) {
        // Libraries, such as the one that reads options, format numbers by the default locale: the same output
        // everywhere.
        Locale.setDefault(Locale.ROOT);
        System.exit(commandLine().execute(arguments));
    }

    static CommandLine commandLine() {
        Main main = new Main();
        CommandLine commandLine = new CommandLine(main);
        addTrainCommands(commandLine);
        OTHER_COMMANDS.forEach(commandLine::addSubcommand);
        commandLine.setOverwrittenOptionsAllowed(true); // the last one wins
        commandLine.setExecutionExceptionHandler((exception, command, result) -> {
            command.getErr().println(command.getColorScheme().errorText(describe(exception)));
            return exception instanceof IllegalArgumentException
                    ? CommandLine.ExitCode.USAGE
                    : CommandLine.ExitCode.SOFTWARE;
        });
        // Errors pass the handler by.
        CommandLine.IExecutionStrategy strategy = commandLine.getExecutionStrategy();
        return commandLine.setExecutionStrategy(parsed -> {
            EngineAhead engine = EngineAhead.of(parsed);
            try {
                return main.withPlugIns(() -> strategy.execute(parsed));
            } catch (IllegalArgumentException e) { // of the plug-ins: others are handled above
                commandLine.getErr().println(commandLine.getColorScheme().errorText(describe(e)));
                return CommandLine.ExitCode.USAGE;
            } catch (IOException e) {
                commandLine.getErr().println(commandLine.getColorScheme().errorText("plugins cannot be read: " + e));
                return CommandLine.ExitCode.SOFTWARE;
            } catch (Error e) {
                commandLine.getErr().println(commandLine.getColorScheme().errorText(describe(e)));
                if (Boolean.getBoolean(TRACES)) {
                    e.printStackTrace(commandLine.getErr());
                }
                return CommandLine.ExitCode.SOFTWARE;
            } finally {
                engine.await();
            }
        });
    }

    private static void addTrainCommands(CommandLine commandLine) {
        commandLine
                .addSubcommand(
                        "mnist",
                        TrainCommand.of(
                                "Handwritten digits, drawn by code or from MNIST's files.",
                                /* fixed= */ Map.of("data.set", "mnist"),
                                /* usual= */ Map.of()))
                .addSubcommand(
                        "cifar",
                        TrainCommand.of(
                                "Small colour images, drawn by code or from CIFAR-10's files.",
                                /* fixed= */ Map.of("data.set", "cifar"),
                                /* usual= */ Map.of("model", "cnn")))
                .addSubcommand(
                        "train",
                        TrainCommand.of(
                                "Any data set that has a name, also one that a plug-in adds.",
                                /* fixed= */ Map.of(),
                                /* usual= */ Map.of()));
    }

    private int withPlugIns(IntSupplier command) throws IOException {
        if (plugins == null) {
            return command.getAsInt();
        }
        try (PlugIns jars = PlugIns.open(plugins)) {
            return jars.during(command);
        }
    }

    private static String describe(Exception exception) {
        return exception.getMessage() == null ? exception.toString() : exception.getMessage();
    }

    private static String describe(Error error) {
        String more = " (-D" + TRACES + "=true shows where)";
        if (error instanceof OutOfMemoryError) {
            return "out of memory: " + error.getMessage()
                    + ". Give Java more with -Xmx (or FL4J_HEAP for the script fl4j), or use fewer workers, a smaller"
                    + " batch or a smaller cohort"
                    + more;
        }
        if (error instanceof StackOverflowError) {
            return "stack overflow: something is nested too deeply. Give threads more with -Xss, or look for a"
                    + " definition that contains itself" + more;
        }
        if (error instanceof LinkageError) { // also a class or a native library that is missing
            return "cannot load a part of the program: " + error
                    + ". Maybe a jar is missing from the class path, or one" + " of another version is on it" + more;
        }
        return "unexpected error: " + error + more;
    }
}
