package org.fl4j.privacy.accounting;

import org.fl4j.internal.Check;

/** What noise was added to a sum of clipped vectors. */
public sealed interface Mechanism {
    /** Returns the noise's scale over the clipping bound. */
    double noiseMultiplier();

    /**
     * Normal noise on vectors that are clipped in Euclidean norm.
     *
     * @param noiseMultiplier standard deviation over the clipping bound, at least 0; 0 is no privacy
     */
    record Gaussian(double noiseMultiplier) implements Mechanism {
        /** Checks the multiplier. */
        public Gaussian {
            Check.notNegative("noiseMultiplier", noiseMultiplier);
        }
    }

    /**
     * Laplace noise on vectors that are clipped in the sum of magnitudes (L1).
     *
     * @param noiseMultiplier scale b over the clipping bound, at least 0; 0 is no privacy
     */
    record Laplace(double noiseMultiplier) implements Mechanism {
        /** Checks the multiplier. */
        public Laplace {
            Check.notNegative("noiseMultiplier", noiseMultiplier);
        }
    }
}
