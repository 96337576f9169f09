package org.fl4j.core;

import org.fl4j.message.ModelUpdate;

/** How much an update counts in a mean, relative to the others of its round; used at every level of a hierarchy. */
@FunctionalInterface
public interface UpdateWeighting {
    /** The weightings that have a name. */
    enum Named implements UpdateWeighting {
        /** Weighs by example count (McMahan et al. 2017, arXiv 1602.05629, algorithm 1). */
        EXAMPLES,
        /** Weighs every client alike. */
        UNIFORM;

        @Override
        public double weight(ModelUpdate update) {
            return this == EXAMPLES ? update.exampleCount() : 1;
        }
    }

    /** Returns a positive, finite weight; never called for an update without examples. */
    double weight(ModelUpdate update);

    /** Weighs by example count (McMahan et al. 2017, arXiv 1602.05629, algorithm 1). */
    static UpdateWeighting byExampleCount() {
        return Named.EXAMPLES;
    }

    /** Weighs every client alike. */
    static UpdateWeighting uniform() {
        return Named.UNIFORM;
    }
}
