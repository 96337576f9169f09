package org.fl4j.examples.combination;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.fl4j.simulation.Simulation;
import org.fl4j.simulation.SimulationBuilder;

/**
 * An algorithm and what it is put beside.
 *
 * @param row the algorithm, which is set first
 * @param column its partner
 */
record Pairing(Part row, Part column) {
    /** Returns the table, row by row. */
    static List<Pairing> all() {
        return Parts.rows().stream()
                .flatMap(row -> Parts.columns().stream()
                        .filter(column -> !column.key().equals(row.key()))
                        .map(column -> new Pairing(row, column)))
                .toList();
    }

    private SimulationBuilder builder(TinyRun tiny, Optional<Part> first, Optional<Part> second) {
        boolean statistics = row.name().equals("fedbn") || column.name().equals("fedbn");
        SimulationBuilder run = tiny.builder(statistics);
        first.ifPresent(part -> part.put().accept(tiny, run));
        second.ifPresent(part -> part.put().accept(tiny, run));
        return run;
    }

    /**
     * Returns why the pair is refused, if it is: by the build, or when servers are put around one another as the run starts. The run is
     * cancelled before its first round.
     */
    Optional<String> refusal(TinyRun tiny) {
        try {
            Simulation simulation =
                    builder(tiny, Optional.of(row), Optional.of(column)).build();
            simulation.cancel();
            simulation.run().close();
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    /** Runs the pair and returns what it does not show of either side. */
    List<String> faults(TinyRun tiny, Path directory) {
        Outcome outcome = run(
                tiny, directory, Optional.of(row), Optional.of(column), new Trial.Change(Optional.empty(), run -> run));
        List<String> faults = new ArrayList<>();
        if (outcome.history().size() < TinyRun.ROUNDS
                || outcome.history().stream()
                        .anyMatch(report -> report.clients().isEmpty())) {
            faults.add("rounds without an update: "
                    + outcome.history().stream()
                            .flatMap(report -> report.rejected().stream())
                            .findFirst());
            return faults;
        }
        Trial ofRow = new Trial(
                row, column, outcome, change -> run(tiny, directory, change.part(), Optional.of(column), change));
        Trial ofColumn = new Trial(
                column, row, outcome, change -> run(tiny, directory, Optional.of(row), change.part(), change));
        for (Trial trial : List.of(ofRow, ofColumn)) {
            for (Observable observable :
                    Observables.of(trial.part()).orElseThrow().all()) {
                if (!observable.isSeen().test(trial)) {
                    faults.add(trial.part().name() + ": not seen that " + observable.what());
                }
            }
        }
        return faults;
    }

    private Outcome run(
            TinyRun tiny, Path directory, Optional<Part> first, Optional<Part> second, Trial.Change change) {
        try {
            Path own = Files.createTempDirectory(directory, "states");
            Outcome outcome = Outcome.of(change.setting().apply(builder(tiny, first, second)), own);
            delete(own);
            return outcome;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    @Override
    public String toString() {
        return row.line() + " + " + column.line();
    }
}
