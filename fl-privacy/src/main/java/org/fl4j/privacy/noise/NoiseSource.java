package org.fl4j.privacy.noise;

import java.io.Serializable;
import java.util.random.RandomGenerator;
import org.fl4j.random.Seed;

/** Makes generators for noise. */
@FunctionalInterface
public interface NoiseSource extends Serializable {
    /** Returns a generator; {@code seed} tells one purpose and round from another. */
    RandomGenerator generator(Seed seed);

    /**
     * Returns whether the same seed gives the same noise again; if not, a round that runs again is a second release.
     */
    default boolean isRepeatable() {
        return true;
    }

    /**
     * For experiments: SplitMix64 from the seed, so that runs repeat. Whoever knows the seed can take the noise away.
     */
    static NoiseSource seeded() {
        return SplitMixGenerator::new;
    }

    /**
     * For real data: AES in counter mode under a key from the system's {@link java.security.SecureRandom}. No two runs
     * are alike. Who is sampled still comes from the run's seed, which must then be random and secret.
     */
    static NoiseSource secure() {
        return Secure.INSTANCE;
    }

    /** See {@link #secure}. */
    enum Secure implements NoiseSource {
        /** The only one. */
        INSTANCE;

        @Override
        public RandomGenerator generator(Seed seed) {
            return new AesGenerator();
        }

        @Override
        public boolean isRepeatable() {
            return false;
        }
    }
}
