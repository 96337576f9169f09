package org.fl4j.monitoring;

/**
 * Looks at a machine: {@link SystemProbe} at this one; a script, in tests and in runs that must be repeatable, at one that is made up. Called by
 * several threads at once.
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
