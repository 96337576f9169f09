package org.fl4j.examples.combination;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.fl4j.simulation.RoundReport;

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

    /** Returns why the pair is refused, if it is. */
    Optional<String> refusal(TinyRun tiny) {
        return tiny.refusal(row, column);
    }

    /** Runs the pair and returns what it does not show of either side. */
    List<String> faults(Runs runs) {
        boolean statistics = TinyRun.needStatistics(List.of(row, column));
        Outcome outcome = runs.of(statistics, TinyRun.ROUNDS, row, column);
        Optional<RoundReport> idle = outcome.history().stream()
                .filter(report -> report.clients().isEmpty())
                .findFirst();
        if (outcome.history().size() < TinyRun.ROUNDS || idle.isPresent()) {
            return List.of("a round is without an update: " + idle.map(RoundReport::rejected));
        }
        Trial ofRow = new Trial(
                row,
                column,
                outcome,
                (other, rounds) -> runs.of(statistics, rounds, other.orElse(Part.NOTHING), column));
        Trial ofColumn = new Trial(
                column, row, outcome, (other, rounds) -> runs.of(statistics, rounds, row, other.orElse(Part.NOTHING)));
        List<String> faults = new ArrayList<>();
        for (Trial trial : List.of(ofRow, ofColumn)) {
            for (Observable sign : Observables.of(trial.part()).orElseThrow().all()) {
                if (!sign.isSeen().test(trial)) {
                    faults.add(trial.part().name() + ": it was not seen that " + sign.what());
                }
            }
        }
        return faults;
    }

    @Override
    public String toString() {
        return row.line() + " + " + column.line();
    }
}
