package org.fl4j.model;

import java.util.Optional;
import java.util.random.RandomGenerator;
import org.fl4j.random.Seed;

/** Draws a worker's dropout masks, from one seed after another. */
final class DropoutDraws {
    private Seed seed = new Seed(0);
    private Optional<RandomGenerator> generator = Optional.empty();

    /** Restarts from a seed. */
    void seed(Seed next) {
        seed = next;
        generator = Optional.empty();
    }

    /** Returns the generator, made on first use. */
    RandomGenerator generator() {
        if (generator.isEmpty()) {
            generator = Optional.of(seed.generator());
        }
        return generator.get();
    }

    /** Calls with a generator of its own, and leaves the client's as it is. */
    void aside(Runnable call) {
        Seed before = seed;
        Optional<RandomGenerator> present = generator;
        seed(new Seed(0));
        try {
            call.run();
        } finally {
            seed = before;
            generator = present;
        }
    }
}
