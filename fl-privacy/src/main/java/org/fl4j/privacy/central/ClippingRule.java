package org.fl4j.privacy.central;

import org.fl4j.internal.Check;
import org.fl4j.message.StrategyState;
import org.fl4j.privacy.noise.NoiseSource;
import org.fl4j.random.Seed;

/** The bound that updates are clipped to under central differential privacy, from round to round. */
public sealed interface ClippingRule {
    /** Returns the bound of the next round. */
    double bound(StrategyState state);

    /**
     * Returns the noise multiplier of the sum of updates, where the accountant counts with {@code noiseMultiplier} for
     * all that a round releases.
     */
    double sumMultiplier(double noiseMultiplier);

    /**
     * Returns the state after a round.
     *
     * @param below how many updates were not longer than the bound
     * @param count how many updates there were
     * @param expected the expected number of updates, the fixed denominator
     */
    StrategyState after(StrategyState state, int below, int count, double expected, NoiseSource noise, Seed seed);

    /** Returns the rule of one bound for all rounds. */
    static ClippingRule fixed(double bound) {
        return new Fixed(bound);
    }

    /**
     * Returns the rule that follows the median length of updates, with the defaults of {@link Quantile} for this
     * cohort.
     */
    static ClippingRule quantile(double expectedCohort) {
        return new Quantile(.1, .5, .2, expectedCohort / 20);
    }

    /**
     * See {@link #fixed}.
     *
     * @param bound positive
     */
    record Fixed(double bound) implements ClippingRule {
        /** Checks the bound. */
        public Fixed {
            Check.positive("clippingBound", bound);
        }

        @Override
        public double bound(StrategyState state) {
            return bound;
        }

        @Override
        public double sumMultiplier(double noiseMultiplier) {
            return noiseMultiplier;
        }

        @Override
        public StrategyState after(
                StrategyState state, int below, int count, double expected, NoiseSource noise, Seed seed) {
            return state;
        }
    }

    /**
     * The bound follows a quantile of the lengths of updates (Andrew et al. 2021, arXiv 1905.03871, algorithm 1):
     * {@code C = C exp(-rate (share - quantile))}, with the share of updates below C known from a count with noise. The
     * round's privacy is split between sum and count: the sum's multiplier is {@code (z^-2 - (2 deviation)^-2)^(-1/2)}
     * where z is accounted.
     *
     * @param initial the first bound, positive
     * @param quantile of updates that shall be below the bound, in [0, 1]
     * @param rate how fast the bound moves, positive
     * @param countDeviation the standard deviation of the noise on the count, more than half the noise multiplier
     */
    record Quantile(double initial, double quantile, double rate, double countDeviation) implements ClippingRule {
        private static final String BOUND = "privacy/clipping bound";

        /** Checks all. */
        public Quantile {
            Check.positive("initial", initial);
            Check.that(quantile >= 0 && quantile <= 1, "quantile", "in [0, 1]", quantile);
            Check.positive("rate", rate);
            Check.positive("countDeviation", countDeviation);
        }

        @Override
        public double bound(StrategyState state) {
            return state.number(BOUND).orElse(initial);
        }

        @Override
        public double sumMultiplier(double noiseMultiplier) {
            Check.that(
                    noiseMultiplier < countMultiplier(),
                    "noiseMultiplier",
                    "below twice the countDeviation, " + countMultiplier(),
                    noiseMultiplier);
            return 1 / Math.sqrt(Math.pow(noiseMultiplier, -2) - Math.pow(countMultiplier(), -2));
        }

        /**
         * Returns the noise multiplier of the count, twice its deviation: one client moves the centred count by a half.
         */
        public double countMultiplier() {
            return 2 * countDeviation;
        }

        @Override
        public StrategyState after(
                StrategyState state, int below, int count, double expected, NoiseSource noise, Seed seed) {
            double centred = below - count / 2.0; // each client moves it by a half at most
            double drawn = countDeviation * noise.generator(seed).nextGaussian();
            double share = Math.min(1, Math.max(0, (centred + drawn) / expected + .5));
            return state.with(BOUND, bound(state) * Math.exp(-rate * (share - quantile)));
        }
    }
}
