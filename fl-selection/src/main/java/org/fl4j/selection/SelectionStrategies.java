package org.fl4j.selection;

import java.util.List;
import org.fl4j.core.ClientSelector;
import org.fl4j.random.Seed;
import org.fl4j.registry.NamedStrategy;
import org.fl4j.registry.Parameters;
import org.fl4j.registry.StrategyProvider;
import org.fl4j.world.Availability;
import org.fl4j.world.DeviceProfile;
import org.fl4j.world.DeviceProfiles;
import org.fl4j.world.DiurnalAvailability;
import org.fl4j.world.LogNormalDevices;
import org.fl4j.world.World;

/** The names of this module's client selectors, and of simulated worlds. */
public final class SelectionStrategies implements StrategyProvider {
    private enum Preset {
        PAPER,
        FEDSCALE
    }

    @Override
    public List<NamedStrategy<?>> strategies() {
        return List.of(
                new NamedStrategy<>(ClientSelector.class, "weighted", p -> new WeightedSelector()),
                new NamedStrategy<>(ClientSelector.class, "round-robin", p -> new RoundRobinSelector()),
                new NamedStrategy<>(
                        ClientSelector.class, "power-of-choice", p -> new PowerOfChoice(p.number("candidates", 2))),
                new NamedStrategy<>(
                        ClientSelector.class,
                        "active",
                        p -> new ActiveSelector(
                                p.number("cut", .75), p.number("sharpness", .01), p.number("exploration", .1))),
                new NamedStrategy<>(ClientSelector.class, "ucb", p -> new UcbSelector(p.number("discount", .7))),
                new NamedStrategy<>(ClientSelector.class, "optimal", p -> new OptimalSelector()),
                new NamedStrategy<>(ClientSelector.class, "oort", p -> new OortSelector(oort(p))),
                new NamedStrategy<>(
                        ClientSelector.class,
                        "oort-testing",
                        p -> new OortTestingSelector(p.number("deviation", .1), p.number("confidence", .95))),
                new NamedStrategy<>(World.class, "same", p -> world(p, 0)),
                new NamedStrategy<>(World.class, "lognormal", p -> world(p, 1)));
    }

    /** With {@code nightHours} above 0 clients are there for so long a day, in 24 time zones. */
    private static World world(Parameters p, double spread) {
        Seed seed = new Seed(p.integer("seed", 1));
        DeviceProfile median = new DeviceProfile(
                p.number("secondsPerExample", .01),
                p.number("downBytesPerSecond", 1e6),
                p.number("upBytesPerSecond", 5e5));
        DeviceProfiles devices = new LogNormalDevices(
                seed, median, p.number("computeSpread", spread), p.number("bandwidthSpread", spread));
        double hours = p.number("nightHours", 0);
        double hourSpread = p.number("nightSpread", 2);
        return new World(
                devices.durations(),
                hours == 0 ? Availability.always() : new DiurnalAvailability(seed, 24, hours, hourSpread),
                p.number("dropOutRate", 0));
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
