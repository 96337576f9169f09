package org.fl4j.privacy.central;

import java.util.List;
import org.fl4j.internal.Check;
import org.fl4j.privacy.accounting.Calibration;
import org.fl4j.privacy.accounting.Mechanism;
import org.fl4j.privacy.accounting.PldAccountant;
import org.fl4j.privacy.accounting.PrivacyAccountant;
import org.fl4j.privacy.accounting.PrivacyEvent;
import org.fl4j.privacy.accounting.SamplingScheme;

/**
 * What a run may cost.
 *
 * @param epsilon positive
 * @param delta in (0, 1), well below one over the number of clients
 * @param accountant what counts
 */
public record PrivacyBudget(double epsilon, double delta, PrivacyAccountant accountant) {
    private static final long MOST_ROUNDS = 10_000_000;

    /** Checks all. */
    public PrivacyBudget {
        Check.positive("epsilon", epsilon);
        Check.that(delta > 0 && delta < 1, "delta", "in (0, 1)", delta);
        Check.present("accountant", accountant);
    }

    /** Counts with the tight {@link PldAccountant}, on a grid of 1e-3. */
    public PrivacyBudget(double epsilon, double delta) {
        this(epsilon, delta, new PldAccountant(1e-3));
    }

    /** Returns the noise multiplier with which so many rounds cost the budget. */
    public double noiseMultiplier(double rate, int rounds) {
        return Calibration.noiseMultiplier(
                accountant, Mechanism.Gaussian::new, new SamplingScheme.Poisson(rate), rounds, epsilon, delta);
    }

    /** Returns how many rounds the budget pays for. */
    long rounds(Mechanism mechanism, SamplingScheme sampling) {
        return Calibration.rounds(accountant, mechanism, sampling, epsilon, delta, MOST_ROUNDS);
    }

    /** Returns what so many rounds cost. */
    double spent(Mechanism mechanism, SamplingScheme sampling, long rounds) {
        return accountant.epsilon(List.of(new PrivacyEvent(mechanism, sampling, rounds)), delta);
    }
}
