package org.fl4j.privacy.accounting;

/**
 * One round of Gaussian noise under Poisson sampling, exactly: the hockey-stick divergence of a mixture is that of the
 * unmixed Gaussian at another epsilon (Balle, Barthe and Gaboardi 2018, arXiv 1807.01647, theorem 2).
 */
record SampledGaussian(double rate, double multiplier) {
    private static final double LARGE = 500; // of an epsilon, beyond which its exponential is all that counts

    static SampledGaussian of(PrivacyEvent event) {
        return new SampledGaussian(event.sampling().rate(), event.mechanism().noiseMultiplier());
    }

    /** Returns the larger delta of both directions. */
    double delta(double epsilon) {
        double unmixed = epsilon > LARGE ? epsilon - Math.log(rate) : Math.log1p(Math.expm1(epsilon) / rate);
        double removed = rate * GaussianMechanism.delta(multiplier, unmixed);
        double ratio = 1 + Math.expm1(-epsilon) / rate;
        double added = ratio <= 0
                ? 0
                : Math.exp(epsilon) * rate * ratio * GaussianMechanism.delta(multiplier, -Math.log(ratio));
        return Math.min(1, Math.max(removed, added));
    }

    /** Returns the least epsilon, from above, for a delta in (0, 1). */
    double epsilon(double delta) {
        if (delta(0) <= delta) {
            return 0;
        }
        double high = 1;
        while (delta(high) > delta) {
            high *= 2;
        }
        double low = 0;
        while (high - low > 1e-14 * high) {
            double middle = (low + high) / 2;
            if (middle == low || middle == high) {
                break;
            }
            if (delta(middle) <= delta) {
                high = middle;
            } else {
                low = middle;
            }
        }
        return high;
    }
}
