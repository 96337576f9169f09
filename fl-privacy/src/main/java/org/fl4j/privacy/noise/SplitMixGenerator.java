package org.fl4j.privacy.noise;

import org.fl4j.random.Seed;

/**
 * SplitMix64 (Steele, Lea and Flood 2014): a counter with a step of its own for each seed, mixed. Two operations a
 * number that processors do side by side, so that long stretches cost little.
 */
final class SplitMixGenerator implements BulkGenerator {
    private final long step;
    private long counter;

    SplitMixGenerator(Seed seed) {
        counter = seed.derive("counter").value();
        step = oddWithManyChanges(seed.derive("step").value());
    }

    /** Steps with few changes between neighbouring bits would leave traces (ibid., section 5). */
    private static long oddWithManyChanges(long bits) {
        long odd = bits | 1;
        return Long.bitCount(odd ^ (odd >>> 1)) < 24 ? odd ^ 0xAAAAAAAAAAAAAAAAL : odd;
    }

    @Override
    public long nextLong() {
        counter += step;
        return mix(counter);
    }

    @Override
    public void fill(long... bits) {
        long at = counter;
        for (int i = 0; i < bits.length; i++) {
            at += step;
            bits[i] = mix(at);
        }
        counter = at;
    }

    private static long mix(long z) {
        long once = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        long twice = (once ^ (once >>> 27)) * 0x94D049BB133111EBL;
        return twice ^ (twice >>> 31);
    }
}
