package org.fl4j.execution;

import org.fl4j.core.ClientDirectory;

/** Says which clients of a run begin first. It has a name, so that experiments can be declared with it. */
@FunctionalInterface
public interface PriorityRule {
    /** Returns the ranks of a run's clients. */
    ClientPriority of(ClientDirectory clients);
}
