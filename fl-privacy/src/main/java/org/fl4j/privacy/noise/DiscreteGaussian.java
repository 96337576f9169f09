package org.fl4j.privacy.noise;

import java.util.random.RandomGenerator;
import org.fl4j.internal.Check;

/**
 * Samples the discrete Gaussian, {@code P(x)} in proportion to {@code exp(-x^2 / 2 sigma^2)} over the whole numbers,
 * exactly: by whole-number arithmetic alone, so that no floating-point artefact betrays anything (Canonne, Kamath and
 * Steinke 2020, arXiv 2004.00010, algorithms 1 to 3). For sums in a ring, see
 * {@link org.fl4j.privacy.secure.SecureSum}; for privacy it is as good as normal noise of the same sigma (ibid.,
 * theorem 4).
 *
 * @param numerator of sigma^2, in [1, 2^24]
 * @param denominator of sigma^2, in [1, 1000]
 */
public record DiscreteGaussian(int numerator, int denominator) {
    /** Checks both: within these bounds no intermediate number overflows but in the far tail, where it throws. */
    public DiscreteGaussian {
        Check.inRange("numerator", 1, 1 << 24, numerator);
        Check.inRange("denominator", 1, 1000, denominator);
    }

    /** Returns one sample. */
    public int sample(RandomGenerator random) {
        long scale = (long) Math.sqrt((double) numerator / denominator) + 1;
        long dividedBy = Math.multiplyExact(2L * numerator * denominator, scale * scale);
        while (true) {
            long candidate = laplace(scale, random);
            long off = Math.subtractExact(Math.multiplyExact(Math.abs(candidate), denominator * scale), numerator);
            if (happens(Math.multiplyExact(off, off), dividedBy, random)) {
                return Math.toIntExact(candidate);
            }
        }
    }

    /** A sample in proportion to {@code exp(-|x| / scale)}. */
    private static long laplace(long scale, RandomGenerator random) {
        while (true) {
            long low = random.nextLong(scale);
            if (!happens(low, scale, random)) {
                continue;
            }
            long high = 0;
            while (happens(1, 1, random)) {
                high++;
            }
            long magnitude = low + scale * high;
            boolean negative = random.nextBoolean();
            if (!negative || magnitude != 0) {
                return negative ? -magnitude : magnitude;
            }
        }
    }

    /** True with probability {@code exp(-a / b)}. */
    private static boolean happens(long a, long b, RandomGenerator random) {
        for (long whole = a / b; whole > 0; whole--) {
            if (!happensAtMostOne(1, 1, random)) {
                return false;
            }
        }
        return happensAtMostOne(a % b, b, random);
    }

    /**
     * The same for a of at most b: the first of coins of a / (k b), k = 1, 2, ..., that fails has an odd number so
     * often.
     */
    private static boolean happensAtMostOne(long a, long b, RandomGenerator random) {
        for (long k = 1; ; k++) {
            if (random.nextLong(Math.multiplyExact(b, k)) >= a) {
                return k % 2 == 1;
            }
        }
    }
}
