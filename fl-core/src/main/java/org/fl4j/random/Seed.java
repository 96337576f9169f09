package org.fl4j.random;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.fl4j.internal.Sha256;

/**
 * A 64-bit seed from which further seeds are derived by purpose and by id. Derivation is a hash: it is independent of
 * the order of calls, and seeds of different purposes or ids are unrelated for all statistical purposes. Whoever has a
 * derived seed can compute the one that it comes from; {@link #oneWay} is for seeds that are given away.
 *
 * <pre>{@code
 * Seed shuffle = new Seed(42).derive("shuffle").derive(round).derive(client.index());
 * RandomGenerator random = shuffle.generator();
 * }</pre>
 *
 * @param value any 64 bits
 */
public record Seed(long value) {
    private static final RandomGeneratorFactory<RandomGenerator> FACTORY =
            RandomGeneratorFactory.of("L64X128MixRandom");
    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

    /** Returns the seed of one purpose, such as {@code "client selection"}. */
    public Seed derive(String purpose) {
        long hash = 0xCBF29CE484222325L; // FNV-1a over UTF-16 units
        for (int i = 0; i < purpose.length(); i++) {
            hash = (hash ^ purpose.charAt(i)) * 0x100000001B3L;
        }
        return new Seed(mix(value ^ mix(hash)));
    }

    /** Returns the seed of one number, such as a round or a client index. */
    public Seed derive(long id) {
        return new Seed(mix(mix(value + GOLDEN_GAMMA) + (id + 1) * GOLDEN_GAMMA));
    }

    /**
     * Returns a seed from which this one cannot be computed, unlike those of {@link #derive(String)}: the first 64 bits
     * of the SHA-256 of the purpose's seed and the numbers.
     */
    public Seed oneWay(String purpose, long... numbers) {
        long[] all = new long[numbers.length + 1];
        all[0] = derive(purpose).value;
        System.arraycopy(numbers, 0, all, 1, numbers.length);
        return new Seed(Sha256.first(all));
    }

    /** Returns a new generator that starts at this seed (L64X128Mix, period about 2^192). */
    public RandomGenerator generator() {
        return FACTORY.create(value);
    }

    /** The finaliser of SplitMix64 (Steele, Lea and Flood 2014, variant 13 of Stafford). */
    private static long mix(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
