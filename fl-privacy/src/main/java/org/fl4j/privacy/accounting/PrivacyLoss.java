package org.fl4j.privacy.accounting;

import org.apache.commons.numbers.gamma.ErfDifference;
import org.apache.commons.numbers.gamma.Erfc;

/**
 * The law of one round's privacy loss {@code L = ln p(x) / q(x)}, p being the density of what is released in one of two
 * neighbouring worlds and q in the other, in one of the two directions.
 */
interface PrivacyLoss {
    /** Returns the least loss with any mass, or what holds all but a negligible part. */
    double least();

    /** Returns the largest loss, or what leaves out a negligible part. */
    double largest();

    /** Returns the probability under p of a loss in (from, to]. */
    double mass(double from, double to);

    /** Returns the probability under q of a loss in (from, to]. */
    double otherMass(double from, double to);

    /** Returns the probability under p of a loss above a value. */
    double massAbove(double loss);

    /**
     * Returns both directions: a client is removed, and one is added.
     *
     * @param negligible the probability of a larger loss than {@link #largest} that does no harm if such losses count
     *     as infinite, positive
     */
    static PrivacyLoss[] of(Mechanism mechanism, SamplingScheme sampling, double negligible) {
        double multiplier = mechanism.noiseMultiplier();
        if (mechanism instanceof Mechanism.Laplace) {
            PrivacyLoss loss = new Laplace(multiplier); // symmetric
            return new PrivacyLoss[] {loss, loss};
        }
        return new PrivacyLoss[] {
            new Removed(sampling.rate(), multiplier, negligible), new Added(sampling.rate(), multiplier, negligible)
        };
    }

    /** The probability that a normal variable of mean and deviation is in (from, to]. */
    private static double normal(double from, double to, double mean, double deviation) {
        double scale = Math.sqrt(2) * deviation;
        return to <= from ? 0 : ErfDifference.value((from - mean) / scale, (to - mean) / scale) / 2;
    }

    /** p is {@code (1 - q) N(0, s^2) + q N(1, s^2)}, the other {@code N(0, s^2)}; the loss grows with x. */
    record Removed(double rate, double sigma, double negligible) implements PrivacyLoss {
        private static final double FAR =
                11.5; // deviations; 1e-30 is beyond, which a million rounds do not bring near 1e-12

        /** Returns so many deviations that a normal variable is beyond with this probability at most. */
        private static double far(double probability) {
            return Math.min(FAR, Math.sqrt(Math.max(0, -2 * Math.log(2 * probability))));
        }

        /** Returns a place beyond which there is only a negligible mass of p. */
        double end() {
            return Math.max(sigma * far(negligible / 2), 1 + sigma * far(negligible / (2 * rate)));
        }

        double loss(double x) {
            double exponent = (2 * x - 1) / (2 * sigma * sigma);
            if (rate == 1) {
                return exponent;
            }
            return exponent > 500 ? exponent + Math.log(rate) : Math.log1p(rate * Math.expm1(exponent));
        }

        /** Returns where the loss has a value. */
        double at(double loss) {
            double ratio = 1 + Math.expm1(loss) / rate;
            if (loss > 500 || rate == 1) {
                return sigma * sigma * (loss - Math.log(rate)) + .5;
            }
            return ratio <= 0 ? Double.NEGATIVE_INFINITY : sigma * sigma * Math.log(ratio) + .5;
        }

        @Override
        public double least() {
            return loss(-FAR * sigma);
        }

        @Override
        public double largest() {
            return loss(end());
        }

        @Override
        public double mass(double from, double to) {
            return (1 - rate) * normal(at(from), at(to), 0, sigma) + rate * normal(at(from), at(to), 1, sigma);
        }

        @Override
        public double otherMass(double from, double to) {
            return normal(at(from), at(to), 0, sigma);
        }

        @Override
        public double massAbove(double loss) {
            double x = at(loss);
            double scale = Math.sqrt(2) * sigma;
            return (1 - rate) * Erfc.value(x / scale) / 2 + rate * Erfc.value((x - 1) / scale) / 2;
        }
    }

    /** The other way round: p is {@code N(0, s^2)}, and the loss that of {@link Removed} with the other sign. */
    record Added(double rate, double sigma, double negligible) implements PrivacyLoss {
        private Removed mirrored() {
            return new Removed(rate, sigma, negligible);
        }

        @Override
        public double least() {
            return -mirrored().loss(sigma * Removed.far(negligible));
        }

        @Override
        public double largest() {
            return -mirrored().loss(-Removed.FAR * sigma);
        }

        @Override
        public double mass(double from, double to) {
            return mirrored().otherMass(-to, -from);
        }

        @Override
        public double otherMass(double from, double to) {
            return mirrored().mass(-to, -from);
        }

        @Override
        public double massAbove(double loss) {
            double x = mirrored().at(-loss);
            return Erfc.value(-x / (Math.sqrt(2) * sigma)) / 2;
        }
    }

    /** p is Laplace around 0 and the other around 1; losses are in [-1/b, 1/b], with mass at both ends. */
    record Laplace(double scale) implements PrivacyLoss {
        @Override
        public double least() {
            return -1 / scale - 1e-9;
        }

        @Override
        public double largest() {
            return 1 / scale;
        }

        /** The distribution function of the loss under p: above -1/b, x is below (1 - b loss) / 2. */
        private double below(double loss) {
            if (loss >= 1 / scale) {
                return 1;
            }
            return loss < -1 / scale ? 0 : Math.exp(-(1 - scale * loss) / (2 * scale)) / 2;
        }

        @Override
        public double mass(double from, double to) {
            return below(to) - below(from);
        }

        @Override
        public double otherMass(double from, double to) {
            return atLeast(-from) - atLeast(-to); // of the loss the other way round, whose law under q is the same
        }

        /** The probability under p of a loss below a value. */
        private double atLeast(double loss) {
            if (loss > 1 / scale) {
                return 1;
            }
            return loss <= -1 / scale ? 0 : Math.exp(-(1 - scale * loss) / (2 * scale)) / 2;
        }

        @Override
        public double massAbove(double loss) {
            return 1 - below(loss);
        }
    }
}
