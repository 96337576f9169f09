package org.fl4j.examples.combination;

import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.fl4j.simulation.SimulationBuilder;

/**
 * A run of a pair, and further runs of it that differ in one part.
 *
 * @param part the part that is examined
 * @param partner the other side of the pair
 * @param outcome of the pair
 * @param changed runs the pair with the part replaced, or without it
 */
record Trial(Part part, Part partner, Outcome outcome, Function<Change, Outcome> changed) {
    /**
     * What a further run differs in.
     *
     * @param part what takes the examined part's place; nothing leaves it out
     * @param setting what else is set, after the pair's parts
     */
    record Change(Optional<Part> part, UnaryOperator<SimulationBuilder> setting) {}

    /** Returns the outcome of the run without the part. */
    Outcome without() {
        return changed.apply(new Change(Optional.empty(), run -> run));
    }

    /** Returns the outcome of the run with other parameters of the part. */
    Outcome with(String settings) {
        return changed.apply(new Change(Optional.of(Parts.with(part, settings)), run -> run));
    }

    /** Returns the outcome of the run with another part in its place. */
    Outcome instead(Part other) {
        return changed.apply(new Change(Optional.of(other), run -> run));
    }

    /** Returns the outcome of the first round alone, with these parameters of the part. */
    Outcome firstRound(String settings) {
        return changed.apply(new Change(Optional.of(Parts.with(part, settings)), run -> run.rounds(1)));
    }
}
