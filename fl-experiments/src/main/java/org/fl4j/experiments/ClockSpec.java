package org.fl4j.experiments;

import java.nio.file.Path;
import java.util.Optional;
import org.fl4j.internal.Check;
import org.fl4j.registry.StrategyRegistry;
import org.fl4j.server.AsynchronousRules;
import org.fl4j.simulation.Asynchronous;
import org.fl4j.simulation.OverCommitment;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.simulation.SynchronousTime;
import org.fl4j.world.AvailabilityTrace;
import org.fl4j.world.DeviceProfiles;
import org.fl4j.world.TraceFiles;
import org.fl4j.world.World;

/**
 * A simulated clock, if there is a world.
 *
 * @param world by name, such as {@code lognormal}
 * @param deviceTrace its devices, from a file
 * @param availabilityTrace its availability, from a file
 * @param timeout of synchronous rounds, in simulated seconds; without it there is none
 * @param overCommit how many clients are asked for each that is wanted
 * @param concurrency makes rounds asynchronous: how many clients train at any time
 * @param buffer arrivals that make an asynchronous round, 10 if nothing says it
 * @param window simulated seconds an asynchronous round lasts at most; without it there is no end
 * @param maxStaleness versions an arrival may be behind, 10 if nothing says it
 */
public record ClockSpec(
        Optional<String> world,
        Optional<String> deviceTrace,
        Optional<String> availabilityTrace,
        Optional<Double> timeout,
        Optional<Double> overCommit,
        Optional<Integer> concurrency,
        Optional<Integer> buffer,
        Optional<Double> window,
        Optional<Integer> maxStaleness) {
    /** Checks the world's name, and that nothing is asked of a clock that is not there. */
    public ClockSpec {
        world.ifPresent(name -> StrategyRegistry.load().parse(World.class, name));
        boolean asks = deviceTrace.isPresent()
                || availabilityTrace.isPresent()
                || overCommit.isPresent()
                || concurrency.isPresent()
                || timeout.isPresent();
        timeout.ifPresent(seconds -> Check.positive("timeout", seconds));
        overCommit.ifPresent(factor -> Check.that(factor >= 1, "overCommit", "at least 1", factor));
        concurrency.ifPresent(count -> Check.positive("concurrency", count));
        buffer.ifPresent(count -> Check.positive("buffer", count));
        window.ifPresent(seconds -> Check.positive("window", seconds));
        maxStaleness.ifPresent(versions -> Check.atLeast("maxStaleness", 0, versions));
        Check.that(world.isPresent() || !asks, "options of a simulated clock", "given with a world", "without");
        Check.that(
                concurrency.isEmpty() || (overCommit.isEmpty() && timeout.isEmpty()),
                "over-commitment and timeout",
                "left out of asynchronous rounds",
                "given");
        Check.that(
                concurrency.isPresent() || (buffer.isEmpty() && window.isEmpty() && maxStaleness.isEmpty()),
                "buffer, window and maxStaleness",
                "left out of synchronous rounds",
                "given without concurrency");
    }

    void configure(SimulationBuilder builder, int cohort, StrategyRegistry strategies) {
        if (world.isEmpty()) {
            return;
        }
        World named = strategies.parse(World.class, world.get());
        World simulated = new World(
                deviceTrace
                        .map(file -> DeviceProfiles.listed(TraceFiles.devices(Path.of(file)))
                                .durations())
                        .orElse(named.durations()),
                availabilityTrace
                        .map(file -> AvailabilityTrace.listed(TraceFiles.availability(Path.of(file))))
                        .orElse(named.availability()),
                named.dropOutRate());
        if (concurrency.isPresent()) {
            builder.algorithm(new Asynchronous(
                    new AsynchronousRules(
                            concurrency.get(),
                            buffer.orElse(10),
                            maxStaleness.orElse(10),
                            window.orElse(Double.POSITIVE_INFINITY)),
                    simulated));
        } else {
            builder.algorithm(new SynchronousTime(simulated, timeout.orElse(Double.POSITIVE_INFINITY)));
            overCommit.ifPresent(factor -> builder.algorithm(new OverCommitment(cohort, factor)));
        }
    }
}
