package org.fl4j.privacy.accounting;

import java.util.Map;
import java.util.TreeMap;
import org.fl4j.internal.Check;
import org.fl4j.message.RoundContext;
import org.fl4j.message.StrategyState;

/**
 * What every round of a run is charged as. It goes into the server's state, with the number of rounds that were, so
 * that a resume under other terms, or after rounds without them, is refused: earlier rounds would be charged wrongly.
 *
 * @param algorithm whose terms they are, such as {@code central-dp}
 * @param values by name
 */
public record PrivacyTerms(String algorithm, Map<String, Double> values) {
    /** Copies the map. */
    public PrivacyTerms {
        Check.present("algorithm", algorithm);
        values = new TreeMap<>(values);
    }

    /**
     * Returns a state that has these terms, for one round more.
     *
     * @param earlier the state that the round began with
     * @param next the state that the round makes
     * @throws IllegalArgumentException if the rounds before this one had other terms, or not all had these
     */
    public StrategyState agreed(RoundContext round, StrategyState earlier, StrategyState next) {
        int before = round.number() - 1;
        double charged = earlier.number(name("rounds")).orElse(0.0);
        Check.that(
                charged == before,
                "rounds that were charged as " + algorithm,
                "all before this one, " + before,
                charged);
        StrategyState agreed = next.with(name("rounds"), round.number());
        for (Map.Entry<String, Double> term : values.entrySet()) {
            double was = earlier.number(name(term.getKey())).orElse(term.getValue());
            Check.that(
                    was == term.getValue(),
                    name(term.getKey()),
                    "that of the rounds before a resume, " + was,
                    term.getValue());
            agreed = agreed.with(name(term.getKey()), term.getValue());
        }
        return agreed;
    }

    private String name(String term) {
        return "privacy/" + algorithm + "/" + term;
    }
}
