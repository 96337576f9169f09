package org.fl4j.examples.benchmark;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.fl4j.internal.Check;
import picocli.CommandLine.Option;

/** Options of {@code benchmark all}, which times workloads beside loops of peers. */
final class PeerOptions {
    @Option(
            names = "--peers",
            paramLabel = "VENV",
            description =
                    "for all: a Python environment with numpy and torch, and with jax and fedjax if FedJAX is to run")
    private Path environment;

    @Option(
            names = "--scripts",
            defaultValue = "fl-examples/peers",
            description = "for all: the directory of the peers' loops (default: ${DEFAULT-VALUE})")
    private Path scripts;

    @Option(names = "--turns", defaultValue = "5", description = "for all: turns (default: ${DEFAULT-VALUE})")
    private int turns;

    @Option(
            names = "--workloads",
            split = ",",
            defaultValue = "p1,p3,p6",
            description = "for all: workloads that read the same data (default: ${DEFAULT-VALUE})")
    private List<String> workloads;

    @Option(names = "--out", description = "for all: a file to write the tables to; by default they are printed")
    private Path file;

    void sideBySide(String data) {
        Path python = Check.present("--peers", environment).resolve("bin/python");
        Check.that(Files.isExecutable(python), "--peers", "a Python environment, with bin/python", environment);
        Check.that(
                Files.exists(scripts.resolve("torch_loops.py")),
                "--scripts",
                "a directory with torch_loops.py",
                scripts);
        Check.that(Files.isDirectory(Path.of(data)), "--data", "a directory, for peers read it too", data);
        List<BenchmarkCase> cases = workloads.stream().map(BenchmarkCase::find).toList();
        SideBySide all = new SideBySide(python, scripts, data, turns, SideBySide::run);
        if (file == null) {
            all.print(cases, System.out);
            return;
        }
        try (PrintStream out = new PrintStream(file.toFile(), StandardCharsets.UTF_8)) {
            all.print(cases, out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
