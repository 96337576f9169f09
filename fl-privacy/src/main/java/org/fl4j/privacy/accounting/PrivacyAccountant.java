package org.fl4j.privacy.accounting;

import java.util.List;

/** Bounds the privacy cost of events that follow one another, whatever was released before. */
public interface PrivacyAccountant {
    /**
     * Returns epsilon for a delta: at least 0, infinite if there is no bound.
     *
     * @param events all about the same neighbours; none cost nothing
     * @param delta in (0, 1)
     */
    double epsilon(List<PrivacyEvent> events, double delta);

    /**
     * Returns delta for an epsilon, in [0, 1].
     *
     * @param events all about the same neighbours
     * @param epsilon at least 0
     */
    double delta(List<PrivacyEvent> events, double epsilon);
}
