package org.fl4j.server;

import java.util.List;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.ServerOptimizer;
import org.fl4j.core.UpdateWeighting;
import org.fl4j.registry.NamedStrategy;
import org.fl4j.registry.StrategyProvider;

/** The names of what a run of federated averaging needs, which this module has by itself. */
public final class ServerStrategies implements StrategyProvider {
    @Override
    public List<NamedStrategy<?>> strategies() {
        return List.of(
                new NamedStrategy<>(
                        Aggregator.class,
                        "fedavg",
                        p -> new FedAvg(p.choice("weighting", UpdateWeighting.Named.EXAMPLES))),
                new NamedStrategy<>(ServerOptimizer.class, "plain", p -> new AddDelta(p.number("learningRate", 1))),
                new NamedStrategy<>(ClientSelector.class, "uniform", p -> new UniformSelector()));
    }
}
