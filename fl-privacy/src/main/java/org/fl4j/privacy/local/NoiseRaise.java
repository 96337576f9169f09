package org.fl4j.privacy.local;

import java.io.Serializable;
import java.util.function.DoubleSupplier;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;

/**
 * What the certified noise of a task is multiplied by: never less than 1, and always from the base anew, so that
 * nothing compounds. A raise by what machines measure makes runs differ from one another; a scripted one does not.
 */
@FunctionalInterface
public interface NoiseRaise extends Serializable {
    /**
     * Returns the factor, at least 1.
     *
     * @param round the number of the round, from 1
     */
    double factor(ClientId client, int round);

    /** Returns the raise that raises nothing. */
    static NoiseRaise none() {
        return (client, round) -> 1;
    }

    /**
     * Returns the raise by one factor while a resource, such as memory, is used above a threshold.
     *
     * @param used the share of the resource that is used, in [0, 1]
     * @param threshold in [0, 1)
     * @param factor at least 1
     */
    static NoiseRaise under(DoubleSupplier used, double threshold, double factor) {
        Check.fraction("threshold", threshold);
        Check.that(factor >= 1 && Double.isFinite(factor), "factor", "at least 1 and finite", factor);
        return (client, round) -> used.getAsDouble() > threshold ? factor : 1;
    }
}
