package org.fl4j.selection;

import java.util.OptionalDouble;
import java.util.Set;
import org.fl4j.message.Fact;
import org.fl4j.message.Facts;
import org.fl4j.message.TrainingFacts;

/**
 * The statistical utility of a client: {@code |B| sqrt(mean of squared losses over B)} (Lai et al. 2021, section 4.2).
 */
public enum OortUtility {
    /** B is all examples that the client trained on, as often as it did. */
    ALL_LOSSES,
    /** The mean is over the last batch alone, which tells more of the model that the client sends. */
    LAST_BATCH;

    private Fact<Double> squares() {
        return this == ALL_LOSSES ? TrainingFacts.SQUARED_LOSS : TrainingFacts.LAST_SQUARED_LOSS;
    }

    /** Returns what it needs to know of a client. */
    Set<Fact<?>> needs() {
        return Set.of(TrainingFacts.EXAMPLES_SEEN, squares());
    }

    /** Returns a client's utility, at least 0; none if it measured no losses, or they are not finite. */
    OptionalDouble of(Facts known) {
        double seen = known.find(TrainingFacts.EXAMPLES_SEEN).orElse(0L).doubleValue();
        double utility = seen * Math.sqrt(known.number(squares())); // NaN if unknown
        return seen > 0 && Float.isFinite((float) utility) ? OptionalDouble.of(utility) : OptionalDouble.empty();
    }
}
