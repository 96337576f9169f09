package org.fl4j.examples.command;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.fl4j.data.PartitionReport;
import org.fl4j.experiments.ExperimentRunner;
import org.fl4j.internal.Check;
import org.fl4j.internal.DirectoryLock;
import org.fl4j.internal.Durable;
import org.fl4j.message.ServerState;
import org.fl4j.simulation.CsvListener;
import org.fl4j.simulation.JsonLinesListener;
import org.fl4j.simulation.RoundReport;
import org.fl4j.simulation.RunListener;
import org.fl4j.simulation.SimulationBuilder;

/** The directory that one run of {@code mnist} or {@code cifar} writes to, and that is its alone while it goes on. */
final class RunDirectory implements AutoCloseable {
    private final Path directory;
    private final DirectoryLock lock;

    /**
     * Holds a directory, and makes it if it is not there.
     *
     * @throws IllegalArgumentException if another run holds it, or it is a declared experiment's
     */
    RunDirectory(Path directory) {
        this.directory = directory;
        Check.that(
                !Files.exists(ExperimentRunner.store(directory)) && !Files.exists(ExperimentRunner.file(directory)),
                "--out",
                "a directory of its own",
                directory + ", which belongs to a declared experiment");
        lock = DirectoryLock.of(directory);
    }

    /** Writes who holds what, and has a run write its rounds and checkpoints. */
    void receive(SimulationBuilder run, PartitionReport partition, List<String> metrics) {
        try {
            Durable.write(directory.resolve("partition.csv"), partition.toCsv().getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write to " + directory + ": " + Durable.reason(e), e);
        }
        run.checkpoints(directory.resolve("checkpoints"), 1)
                .listener(new RunListener() {
                    @Override
                    public void roundEnded(RoundReport report, ServerState state) {
                        lock.requireThere();
                    }
                })
                .listener(new JsonLinesListener(directory.resolve("rounds.jsonl")))
                .listener(new CsvListener(directory.resolve("rounds.csv"), metrics));
    }

    @Override
    public void close() {
        lock.close();
    }
}
