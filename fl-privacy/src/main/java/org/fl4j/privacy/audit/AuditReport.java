package org.fl4j.privacy.audit;

import java.util.Locale;
import org.fl4j.internal.Check;

/**
 * What was proved of a mechanism beside what an attack showed.
 *
 * @param proved the epsilon that an accountant gives: at most so much
 * @param shown the epsilon that the attack shows: at least so much, with the confidence
 * @param delta of both
 * @param confidence the probability that a right mechanism shows no more than its true epsilon
 */
public record AuditReport(double proved, double shown, double delta, double confidence) {
    /** Checks the ranges. */
    public AuditReport {
        Check.that(proved >= 0, "proved epsilon", "at least 0", proved);
        Check.that(shown >= 0, "shown epsilon", "at least 0", shown);
    }

    /** Returns whether the attack contradicts the proof: the mechanism is not what was accounted for. */
    public boolean contradicts() {
        return shown > proved;
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "epsilon at delta %.3g: at most %.4f by proof, at least %.4f by attack (confidence %.3f)%s",
                delta,
                proved,
                shown,
                confidence,
                contradicts() ? ": CONTRADICTION" : "");
    }
}
