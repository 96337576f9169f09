package org.fl4j.compression;

import org.fl4j.random.Seed;

/**
 * How a vector is written in bits. A {@link VectorCodec} makes a codec of it. Has no state: all of a message that the
 * reader does not know from the code and the vector's length is written, seeds too.
 */
public interface VectorCode {
    /** What a code does to a vector on its way, which decides whether {@link ErrorFeedback} helps it. */
    enum Loss {
        /** The mean of what is read, over seeds, is what was written. */
        UNBIASED,
        /**
         * What is lost is never longer than what was written: {@code ||x - C(x)||^2 <= (1 - delta) ||x||^2} with a
         * delta of at least 0.
         */
        CONTRACTION,
        /** Neither holds for every vector. */
        OTHER
    }

    /**
     * Writes a vector.
     *
     * @param values finite, at least one; not changed
     * @param seed of this message
     * @throws IllegalArgumentException if the vector cannot be written, for a norm that is no float32, say
     */
    void write(float[] values, Seed seed, BitWriter out);

    /**
     * Reads a vector of a length.
     *
     * @throws IllegalArgumentException if the bits are none that {@link #write} makes
     */
    float[] read(int size, BitReader in);

    /** Returns the largest number of bits that a vector of a length takes. */
    long mostBits(int size);

    /** Returns what is lost. */
    Loss loss();
}
