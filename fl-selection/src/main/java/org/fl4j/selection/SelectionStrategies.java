package org.fl4j.selection;

import java.util.List;
import org.fl4j.core.ClientSelector;
import org.fl4j.registry.NamedStrategy;
import org.fl4j.registry.StrategyProvider;

/** The names of this module's client selectors. */
public final class SelectionStrategies implements StrategyProvider {
    @Override
    public List<NamedStrategy<?>> strategies() {
        return List.of(new NamedStrategy<>(ClientSelector.class, "uniform", p -> new UniformSelector()));
    }
}
