package org.fl4j.privacy.ftrl;

import ai.djl.ndarray.NDArray;
import org.fl4j.internal.Check;
import org.fl4j.privacy.noise.Noise;
import org.fl4j.privacy.noise.NoiseSource;
import org.fl4j.random.Seed;

/**
 * Noise on running sums by a binary tree (Dwork et al. 2010; Chan, Shi and Song 2011): the sum of the first t values
 * gets the noise of one node for each bit of t that is set, so that of the order of log t, and every value is in one
 * node a level. A node's noise comes from its seed and is drawn again when it is taken away, so nothing is kept; hence
 * noise must be repeatable.
 *
 * @param deviation of a node's noise, at least 0
 * @param seed of all nodes
 */
record TreeNoise(double deviation, Seed seed) {
    TreeNoise {
        Check.notNegative("deviation", deviation);
    }

    /** Returns in how many nodes a value is, if there are so many values. */
    static int depth(int values) {
        return 32 - Integer.numberOfLeadingZeros(Check.positive("values", values));
    }

    /** Adds {@code noise(t) - noise(t - 1)} in place: of the node that t completes, less those it is made of. */
    void addIncrement(NDArray values, int t) {
        int completed = Integer.numberOfTrailingZeros(t);
        add(values, completed, t >> completed, 1);
        for (int level = 0; level < completed; level++) {
            add(values, level, (t - 1) >> level, -1);
        }
    }

    /** A node of a level covers 2^level values; the index counts nodes of the level from 1. */
    private void add(NDArray values, int level, int index, int sign) {
        NDArray noise = values.zerosLike();
        Noise.addGaussian(
                noise,
                deviation,
                NoiseSource.seeded().generator(seed.derive(level).derive(index)));
        values.addi(noise.muli(sign));
        noise.close();
    }
}
