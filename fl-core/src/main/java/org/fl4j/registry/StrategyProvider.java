package org.fl4j.registry;

import java.util.List;

/**
 * Adds strategies to the {@link StrategyRegistry}: implement it with a public constructor without arguments and name
 * the class in your jar's {@code META-INF/services/org.fl4j.registry.StrategyProvider}.
 */
public interface StrategyProvider {
    /** Returns what it adds. */
    List<NamedStrategy<?>> strategies();
}
