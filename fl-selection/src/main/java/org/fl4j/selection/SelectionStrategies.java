package org.fl4j.selection;

import java.util.List;
import org.fl4j.core.ClientSelector;
import org.fl4j.registry.NamedStrategy;
import org.fl4j.registry.Parameters;
import org.fl4j.registry.StrategyProvider;

/** The names of this module's client selectors. */
public final class SelectionStrategies implements StrategyProvider {
    private enum Preset {
        PAPER,
        FEDSCALE
    }

    @Override
    public List<NamedStrategy<?>> strategies() {
        return List.of(
                new NamedStrategy<>(ClientSelector.class, "uniform", p -> new UniformSelector()),
                new NamedStrategy<>(ClientSelector.class, "weighted", p -> new WeightedSelector()),
                new NamedStrategy<>(ClientSelector.class, "round-robin", p -> new RoundRobinSelector()),
                new NamedStrategy<>(
                        ClientSelector.class, "power-of-choice", p -> new PowerOfChoice(p.number("candidates", 2))),
                new NamedStrategy<>(ClientSelector.class, "ucb", p -> new UcbSelector(p.number("discount", .7))),
                new NamedStrategy<>(ClientSelector.class, "optimal", p -> new OptimalSelector()),
                new NamedStrategy<>(ClientSelector.class, "oort", p -> new OortSelector(oort(p))));
    }

    private static OortSettings oort(Parameters p) {
        OortSettings preset = switch (p.choice("preset", Preset.PAPER)) {
            case PAPER -> OortSettings.paper();
            case FEDSCALE -> OortSettings.fedScale();
        };
        return new OortSettings(
                p.number("exploration", preset.exploration()),
                p.number("explorationDecay", preset.explorationDecay()),
                p.number("leastExploration", preset.leastExploration()),
                p.number("speedPercentile", preset.speedPercentile()),
                p.number("pacerDelta", preset.pacerDelta()),
                p.integer("pacerRounds", preset.pacerRounds()),
                p.number("slownessPenalty", preset.slownessPenalty()),
                p.number("clipQuantile", preset.clipQuantile()),
                p.number("cutOff", preset.cutOff()),
                p.integer("leastPool", preset.leastPool()),
                p.number("sampleWindow", preset.sampleWindow()),
                p.integer("mostTurns", preset.mostTurns()),
                p.number("longestBlacklist", preset.longestBlacklist()),
                p.number("uncertainty", preset.uncertainty()),
                p.choice("losses", preset.losses()));
    }
}
