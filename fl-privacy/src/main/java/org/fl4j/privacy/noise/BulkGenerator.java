package org.fl4j.privacy.noise;

import java.util.random.RandomGenerator;

/** A generator that gives many numbers at a time: the same as one after another. */
interface BulkGenerator extends RandomGenerator {
    /** Replaces all elements by the numbers that come next. */
    void fill(long... bits);
}
