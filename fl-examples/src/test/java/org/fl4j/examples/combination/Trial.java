package org.fl4j.examples.combination;

import java.util.Optional;
import java.util.function.BiFunction;

/**
 * A run of a pair, and further runs of it that differ in one part.
 *
 * @param part the part that is examined
 * @param partner the other side of the pair
 * @param outcome of the pair
 * @param changed runs the pair with another part in the examined one's place, or without it, for so many rounds
 */
record Trial(Part part, Part partner, Outcome outcome, BiFunction<Optional<Part>, Integer, Outcome> changed) {
    /** Returns the outcome of the run without the part. */
    Outcome without() {
        return changed.apply(Optional.empty(), TinyRun.ROUNDS);
    }

    /** Returns the outcome of the run with other parameters of the part. */
    Outcome with(String settings) {
        return instead(Parts.with(part, settings));
    }

    /** Returns the outcome of the run with another part in its place. */
    Outcome instead(Part other) {
        return changed.apply(Optional.of(other), TinyRun.ROUNDS);
    }

    /** Returns the outcome of the first round alone, with these parameters of the part. */
    Outcome firstRound(String settings) {
        return changed.apply(Optional.of(Parts.with(part, settings)), 1);
    }
}
