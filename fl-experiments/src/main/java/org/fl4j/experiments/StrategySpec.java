package org.fl4j.experiments;

import java.util.Optional;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.ServerOptimizer;
import org.fl4j.core.UpdateTransform;
import org.fl4j.registry.StrategyRegistry;
import org.fl4j.simulation.Adversary;
import org.fl4j.simulation.Algorithm;

/**
 * How clients and server work, by the names of strategies; what is named beside an algorithm must not be one of its own
 * parts.
 *
 * @param algorithm a whole algorithm
 * @param aggregator how updates are combined, without one and an algorithm {@code fedavg}
 * @param serverOptimizer how the aggregate is applied
 * @param selector who takes part, {@code uniform} if nothing says it
 * @param uploadTransform what is done to updates
 * @param privacy an algorithm put around all that, such as {@code central-dp}
 * @param attack what Byzantine clients send
 * @param poison what Byzantine clients train on
 * @param byzantine how many clients attack
 */
public record StrategySpec(
        Optional<String> algorithm,
        Optional<String> aggregator,
        Optional<String> serverOptimizer,
        Optional<String> selector,
        Optional<String> uploadTransform,
        Optional<String> privacy,
        Optional<String> attack,
        Optional<String> poison,
        int byzantine) {
    /** Checks that every name is known, and its parameters. */
    public StrategySpec {
        StrategyRegistry names = StrategyRegistry.load();
        algorithm.ifPresent(name -> names.parse(Algorithm.class, name));
        aggregator.ifPresent(name -> names.parse(Aggregator.class, name));
        serverOptimizer.ifPresent(name -> names.parse(ServerOptimizer.class, name));
        selector.ifPresent(name -> names.parse(ClientSelector.class, name));
        uploadTransform.ifPresent(name -> names.parse(UpdateTransform.class, name));
        privacy.ifPresent(name -> names.parse(Algorithm.class, name));
        attack.ifPresent(name -> names.parse(Adversary.class, name));
        poison.ifPresent(name -> names.parse(Adversary.class, name));
    }
}
