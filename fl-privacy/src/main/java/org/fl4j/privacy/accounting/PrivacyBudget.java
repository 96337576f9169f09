package org.fl4j.privacy.accounting;

import java.util.List;
import org.fl4j.internal.Check;

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

    /** Returns the noise multiplier with which so many rounds of Poisson sampling cost the budget. */
    public double noiseMultiplier(double rate, int rounds) {
        return noiseMultiplier(new SamplingScheme.Poisson(rate), rounds);
    }

    /** Returns the multiplier of Gaussian noise with which so many rounds cost the budget. */
    public double noiseMultiplier(SamplingScheme sampling, long rounds) {
        return Calibration.noiseMultiplier(accountant, Mechanism.Gaussian::new, sampling, rounds, epsilon, delta);
    }

    /** Returns how many rounds the budget pays for, ten million at most. */
    public long rounds(Mechanism mechanism, SamplingScheme sampling) {
        return Calibration.rounds(accountant, mechanism, sampling, epsilon, delta, MOST_ROUNDS);
    }

    /** Returns what so many rounds cost. */
    public double spent(Mechanism mechanism, SamplingScheme sampling, long rounds) {
        return accountant.epsilon(List.of(new PrivacyEvent(mechanism, sampling, rounds)), delta);
    }

    /** Checks that the budget pays for so many rounds. */
    public void requireCovers(String rounds, Mechanism mechanism, SamplingScheme sampling, long count) {
        double cost = spent(mechanism, sampling, count);
        Check.that(cost <= epsilon, "epsilon of " + rounds, "within the budget, " + epsilon, cost);
    }
}
