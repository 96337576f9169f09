package org.fl4j.compression;

import org.fl4j.random.Seed;

/**
 * Many random numbers of a message, all of one seed: SplitMix64 (Steele, Lea and Flood 2014), which writer and reader
 * run alike. For one thread.
 */
final class Coins {
    private static final long GAMMA = 0x9E3779B97F4A7C15L;
    private static final float UNIT = 0x1p-24f;

    private long state;
    private long spare;
    private boolean hasSpare;

    Coins(Seed seed) {
        state = seed.value();
    }

    long next() {
        state += GAMMA;
        long z = (state ^ (state >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    /** Returns a number of [0, 1), a multiple of 2^-24. */
    float uniform() {
        if (hasSpare) {
            hasSpare = false;
            return (spare >>> 40) * UNIT;
        }
        long both = next();
        spare = both << 32;
        hasSpare = true;
        return (both >>> 40) * UNIT;
    }
}
