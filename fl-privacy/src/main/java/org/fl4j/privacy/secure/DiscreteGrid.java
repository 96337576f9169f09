package org.fl4j.privacy.secure;

import java.util.random.RandomGenerator;
import org.fl4j.internal.Check;
import org.fl4j.privacy.noise.DiscreteGaussian;

/**
 * How vectors are put on a grid of whole numbers for the distributed discrete Gaussian (Kairouz, Liu and Steinke 2021,
 * arXiv 2102.06387, algorithm 1, without the random rotation): rounded up or down at random, again if that made them
 * longer than a bound, and noised by a discrete Gaussian of deviation {@value #DEVIATION} grid points on every client.
 * The grid's width follows from the noise that is asked for: so that the noise of {@code shares} clients is z times the
 * bound of rounded vectors.
 *
 * @param clippingBound C, of the vectors before they are rounded, positive
 * @param noiseMultiplier z, positive
 * @param shares how many clients' noise counts, at least 1
 * @param size of the vectors, at least 1
 */
record DiscreteGrid(double clippingBound, double noiseMultiplier, int shares, int size) {
    private static final int DEVIATION = 4096; // the sum of such shares is, to 1e-100, a discrete Gaussian
    private static final DiscreteGaussian SHARE = new DiscreteGaussian(DEVIATION * DEVIATION, 1);
    private static final double FAR = 40.0 * DEVIATION; // where no noise comes, but once in 1e300

    DiscreteGrid {
        Check.positive("clippingBound", clippingBound);
        Check.positive("noiseMultiplier", noiseMultiplier);
        Check.positive("shares", shares);
        Check.positive("size", size);
        double longest = DEVIATION * Math.sqrt(shares) / noiseMultiplier;
        Check.that(
                longest + FAR < 1 << 24,
                "noiseMultiplier",
                "larger, for numbers to be exact in float32",
                noiseMultiplier);
        Check.that(
                points(longest, size) >= 1,
                "noiseMultiplier",
                "smaller, or leastSurvivors larger, for the grid to be finer than the clippingBound",
                noiseMultiplier);
    }

    /** Returns the bound of rounded vectors, in grid points. */
    double roundedBound() {
        return DEVIATION * Math.sqrt(shares) / noiseMultiplier;
    }

    /**
     * Returns how many grid points the clipping bound has: the most for which rounded vectors keep theirs with
     * probability 0.39.
     */
    private static double points(double roundedBound, int size) {
        double excess = size / 4.0 + Math.sqrt(size) / 2 - roundedBound * roundedBound;
        double likely = excess < 0 ? (Math.sqrt(1 - 4 * excess) - 1) / 2 : 0; // r^2 + r + d/4 + sqrt(d)/2 = bound^2
        return Math.max(likely, roundedBound - Math.sqrt(size)); // the latter always holds
    }

    /** Returns the distance of grid points. */
    double width() {
        return clippingBound / points(roundedBound(), size);
    }

    /** Refuses so many clients if their sum might not fit into the ring of 2^32. */
    void requireFits(int clients) {
        double largest = clients * roundedBound() + FAR * Math.sqrt(clients);
        Check.that(largest < 1L << 31, "cohort times the bound of rounded vectors", "below 2^31", largest);
    }

    /** Returns a vector, of norm C at most, on the grid. */
    int[] rounded(float[] vector, RandomGenerator random) {
        double width = width();
        double bound = roundedBound();
        int[] rounded = new int[vector.length];
        double square;
        do {
            square = 0;
            for (int i = 0; i < vector.length; i++) {
                rounded[i] = (int) Math.floor(vector[i] / width + random.nextDouble());
                square += (double) rounded[i] * rounded[i];
            }
        } while (square > bound * bound);
        return rounded;
    }

    /** Adds one client's share of the noise in place. */
    void addShare(int[] vector, RandomGenerator random) {
        for (int i = 0; i < vector.length; i++) {
            vector[i] += SHARE.sample(random);
        }
    }
}
