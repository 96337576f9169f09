package org.fl4j.examples.command;

import java.util.List;
import java.util.Locale;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.ServerOptimizer;
import org.fl4j.core.UpdateTransform;
import org.fl4j.registry.StrategyRegistry;
import org.fl4j.simulation.Adversary;
import org.fl4j.simulation.Algorithm;
import org.fl4j.world.World;
import picocli.CommandLine.Command;

/** Lists what the other commands know by name. */
@Command(
        name = "strategies",
        mixinStandardHelpOptions = true,
        description = "Lists algorithms, aggregators and other strategies by name, with their parameters' defaults.")
final class StrategiesCommand implements Runnable {
    @Override
    public void run() {
        StrategyRegistry registry = StrategyRegistry.load();
        for (Class<?> kind : List.of(
                Algorithm.class,
                Aggregator.class,
                ServerOptimizer.class,
                ClientSelector.class,
                UpdateTransform.class,
                World.class,
                Adversary.class)) {
            System.out.println(kind.getSimpleName());
            for (String name : registry.names(kind)) {
                System.out.printf(Locale.ROOT, "  %-20s%s%n", name, registry.defaults(kind, name));
            }
        }
    }
}
