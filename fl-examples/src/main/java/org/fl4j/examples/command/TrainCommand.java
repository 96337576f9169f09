package org.fl4j.examples.command;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.fl4j.data.Dataset;
import org.fl4j.data.PartitionReport;
import org.fl4j.experiments.ExperimentSpec;
import org.fl4j.experiments.RunProgress;
import org.fl4j.internal.Check;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.SimulationBuilder;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Runs one simulation and prints its table; its options are the fields of an experiment. */
@Command(mixinStandardHelpOptions = true, sortOptions = false)
final class TrainCommand implements Callable<Integer> {
    private final Map<String, String> fixed;
    private final Map<String, String> usual;

    @Spec
    private CommandSpec spec;

    @Option(names = "--out", description = "directory for metrics (JSON lines, CSV), partition report and checkpoints")
    private Path out;

    @Option(names = "--resume", description = "resume from the latest checkpoint in --out")
    private boolean resume;

    @Option(names = "--progress", description = "show a progress bar with the time that is left")
    private boolean progress;

    private TrainCommand(Map<String, String> fixed, Map<String, String> usual) {
        this.fixed = fixed;
        this.usual = usual;
    }

    /**
     * Returns a command.
     *
     * @param fixed values of fields that its options do not have
     * @param usual values of fields that hold if their options are left out
     */
    static CommandLine of(String description, Map<String, String> fixed, Map<String, String> usual) {
        CommandLine command = new CommandLine(new TrainCommand(fixed, usual));
        command.getCommandSpec().usageMessage().description(description);
        FieldOptions.addTo(command.getCommandSpec(), fixed.keySet(), usual);
        return command;
    }

    /** Returns the exit code: 1 if nothing was learned. */
    @Override
    public Integer call() {
        Map<String, Object> values = new TreeMap<>(usual);
        values.putAll(FieldOptions.values(spec.commandLine().getParseResult()));
        values.putAll(fixed);
        return run(ExperimentSpec.of(values));
    }

    private int run(ExperimentSpec experiment) {
        Check.that(
                out != null || !experiment.needsDirectory(),
                "--out",
                "given with --listeners, --updates-on-disk and the log of a private algorithm",
                "left out");
        try (RunDirectory directory =
                        Optional.ofNullable(out).map(RunDirectory::new).orElse(null);
                Dataset dataset = experiment.load();
                RunProgress bar = new RunProgress("rounds")) {
            SimulationBuilder builder = out == null ? experiment.builder(dataset) : experiment.builder(dataset, out);
            builder.listener(new RoundTable(System.out, experiment.clientAccuracies()))
                    .resume(resume);
            if (progress) {
                builder.listener(bar);
            }
            if (directory != null) {
                PartitionReport report = PartitionReport.of(
                        experiment.partition(dataset), dataset.train().classIndices());
                directory.receive(builder, report, metrics(experiment));
            }
            try (RunResult result = builder.build().run()) {
                RoundTable.printSummary(System.out, result, experiment.target());
                return result.end() == RunResult.End.NO_UPDATES
                        ? CommandLine.ExitCode.SOFTWARE
                        : CommandLine.ExitCode.OK;
            }
        }
    }

    private static List<String> metrics(ExperimentSpec experiment) {
        List<String> metrics = new ArrayList<>(List.of("train/loss", "test/loss", "test/accuracy", "time/seconds"));
        metrics.addAll(experiment.clientAccuracies());
        return metrics;
    }
}
