package org.fl4j.core;

import org.fl4j.message.ModelUpdate;

/**
 * One round's aggregate in the making. Updates arrive in cohort order on one thread. A streaming implementation holds
 * one accumulator, so that a round costs O(model) memory whatever the cohort.
 */
public interface Aggregation {
    /**
     * Judges an update that already passed the server's own checks (duplicates, version, example count, layout,
     * finite values). By default it is accepted.
     */
    default Admission onModelUpdate(ModelUpdate update) {
        return Admission.accepted();
    }

    /** Folds an accepted update. Its arrays are freed when this returns: copy what must stay. */
    void add(ModelUpdate update);

    /** Folds what another aggregation of the same aggregator, round and state has folded; the other is used up. */
    void merge(Aggregation other);

    /**
     * Returns the result; the aggregation is used up. Without any update the aggregate has no delta and the model stays
     * as it is.
     */
    Aggregate combine();
}
