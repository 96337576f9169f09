package org.fl4j.core;

/** How much an update counts in a mean, relative to the others of its round; used at every level of a hierarchy. */
@FunctionalInterface
public interface UpdateWeighting {
    /** Returns a positive, finite weight; never called for an update without examples. */
    double weight(ModelUpdate update);

    /** Weighs by example count (McMahan et al. 2017, arXiv 1602.05629, algorithm 1). */
    static UpdateWeighting byExampleCount() {
        return ModelUpdate::exampleCount;
    }

    /** Weighs every client alike. */
    static UpdateWeighting uniform() {
        return update -> 1;
    }
}
