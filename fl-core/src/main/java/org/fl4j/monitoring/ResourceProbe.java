package org.fl4j.monitoring;

/**
 * Looks at a machine. {@code SystemProbe} in fl-experiments looks at this one; a script looks at one that is made up,
 * for tests and for runs that must be repeatable. Called by several threads at once.
 */
@FunctionalInterface
public interface ResourceProbe {
    /**
     * Returns what is in use now.
     *
     * @param round the round that runs, numbered from 1; a script goes by it
     */
    ResourceUsage sample(int round);
}
