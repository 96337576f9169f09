package org.fl4j.privacy.accounting;

import java.util.Map;
import java.util.TreeMap;
import org.fl4j.core.RoundContext;
import org.fl4j.core.StrategyState;
import org.fl4j.internal.Check;

/**
 * What every round of a run is charged as, by name. It goes into the server's state, so that a resume under other terms, by which
 * earlier rounds would be charged wrongly, is refused.
 *
 * @param values numbers, with names that start with {@code privacy/}
 */
public record PrivacyTerms(Map<String, Double> values) {
    /** Copies the map. */
    public PrivacyTerms {
        values = new TreeMap<>(values);
    }

    /**
     * Returns a state that has these terms.
     *
     * @throws IllegalArgumentException if the rounds before this one had others
     */
    public StrategyState agreed(RoundContext round, StrategyState earlier) {
        StrategyState next = earlier;
        for (Map.Entry<String, Double> term : values.entrySet()) {
            double before = earlier.number(term.getKey()).orElse(Double.NaN);
            Check.that(
                    round.number() == 1 || before == term.getValue(),
                    term.getKey(),
                    "that of the rounds before a resume, " + before,
                    term.getValue());
            next = next.with(term.getKey(), term.getValue());
        }
        return next;
    }
}
