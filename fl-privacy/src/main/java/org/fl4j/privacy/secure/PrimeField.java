package org.fl4j.privacy.secure;

import java.util.Map;
import java.util.random.RandomGenerator;
import org.fl4j.internal.Check;

/** Arithmetic modulo the prime 2^61 - 1, and Shamir's secret sharing over it (Shamir 1979). */
final class PrimeField {
    static final long PRIME = (1L << 61) - 1;

    private PrimeField() {}

    static long add(long a, long b) {
        long sum = a + b;
        return sum >= PRIME ? sum - PRIME : sum;
    }

    static long subtract(long a, long b) {
        return add(a, PRIME - b);
    }

    /** The product's 122 bits, folded: 2^61 is 1 here. */
    static long multiply(long a, long b) {
        long high = Math.multiplyHigh(a, b);
        long low = a * b;
        return add(low & PRIME, low >>> 61 | high << 3);
    }

    static long power(long base, long exponent) {
        long result = 1;
        long square = base;
        for (long left = exponent; left > 0; left >>= 1) {
            if ((left & 1) == 1) {
                result = multiply(result, square);
            }
            square = multiply(square, square);
        }
        return result;
    }

    static long inverse(long a) {
        Check.that(a != 0, "number to invert", "other than 0", a);
        return power(a, PRIME - 2);
    }

    /**
     * Returns a random polynomial with the secret at 0; its values at 1, 2, ... are shares, of which as many as it has
     * coefficients tell the secret, and fewer nothing.
     */
    static long[] polynomial(long secret, int threshold, RandomGenerator random) {
        long[] coefficients = new long[threshold];
        coefficients[0] = secret;
        for (int i = 1; i < threshold; i++) {
            coefficients[i] = random.nextLong(PRIME);
        }
        return coefficients;
    }

    /** Returns the share of a holder, at least 1. */
    static long share(int holder, long... polynomial) {
        long value = 0;
        for (int i = polynomial.length - 1; i >= 0; i--) {
            value = add(multiply(value, holder), polynomial[i]);
        }
        return value;
    }

    /** Returns what each holder's share is multiplied by in the secret (Lagrange's weights at 0). */
    static long[] weights(int... holders) {
        long[] weights = new long[holders.length];
        for (int i = 0; i < holders.length; i++) {
            long above = 1;
            long below = 1;
            for (int j = 0; j < holders.length; j++) {
                if (j != i) {
                    above = multiply(above, holders[j]);
                    below = multiply(below, subtract(holders[j], holders[i]));
                }
            }
            weights[i] = multiply(above, inverse(below));
        }
        return weights;
    }

    /**
     * Returns the secret from shares by holder; another number if they are fewer than the polynomial's coefficients.
     */
    static long secret(Map<Integer, Long> shares) {
        int[] holders = shares.keySet().stream().mapToInt(Integer::intValue).toArray();
        long[] weights = weights(holders);
        long secret = 0;
        for (int i = 0; i < holders.length; i++) {
            secret = add(secret, multiply(weights[i], shares.get(holders[i])));
        }
        return secret;
    }
}
