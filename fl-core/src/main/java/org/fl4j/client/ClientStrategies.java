package org.fl4j.client;

import java.util.List;
import org.fl4j.registry.NamedStrategy;
import org.fl4j.registry.StrategyProvider;

/** The names of what clients can be asked. */
public final class ClientStrategies implements StrategyProvider {
    @Override
    public List<NamedStrategy<?>> strategies() {
        return List.of(new NamedStrategy<>(
                ClientQuery.class, ClassCounts.COUNTS, p -> new ClassCounts(p.integer("classes", 10))));
    }
}
