package org.fl4j.examples;

import java.util.List;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ListAggregator;
import org.fl4j.internal.Check;
import org.fl4j.registry.NamedStrategy;
import org.fl4j.registry.StrategyProvider;

/** What a third party's jar would hold: an aggregator that takes one update of the cohort. */
public final class PlugInStrategies implements StrategyProvider {
    @Override
    public List<NamedStrategy<?>> strategies() {
        return List.of(new NamedStrategy<>(Aggregator.class, "dictator", p -> {
            int chosen = Check.atLeast("chosen", 0, p.integer("chosen", 0));
            return new ListAggregator(
                    updates -> updates.get(chosen % updates.size()).delta());
        }));
    }
}
