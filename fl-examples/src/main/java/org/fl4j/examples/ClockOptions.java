package org.fl4j.examples;

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
import picocli.CommandLine.Option;

/** The options of a simulated clock. */
final class ClockOptions {
    @Option(
            names = "--world",
            description =
                    "puts rounds on a simulated clock: what clients' devices are like and when they are there, such as"
                            + " lognormal:computeSpread=1,nightHours=8 or same")
    private String world;

    @Option(names = "--device-trace", description = "devices of --world, from a file in FedScale's shape (.json, .csv)")
    private Path deviceTrace;

    @Option(
            names = "--availability-trace",
            description = "availability of --world, from a file in FedScale's shape (.json, .csv)")
    private Path availabilityTrace;

    @Option(
            names = "--timeout",
            defaultValue = "Infinity",
            description = "simulated seconds a synchronous round may last (default: ${DEFAULT-VALUE})")
    private double timeout;

    @Option(
            names = "--over-commit",
            description = "clients asked for each that is wanted, such as 1.3; the fastest are kept")
    private Double overCommit;

    @Option(
            names = "--concurrency",
            description = "makes rounds asynchronous: how many clients train at any simulated time")
    private Integer concurrency;

    @Option(
            names = "--buffer",
            defaultValue = "10",
            description = "arrivals that make an asynchronous round (default: ${DEFAULT-VALUE})")
    private int buffer;

    @Option(
            names = "--window",
            defaultValue = "Infinity",
            description = "simulated seconds an asynchronous round lasts at most (default: ${DEFAULT-VALUE})")
    private double window;

    @Option(
            names = "--max-staleness",
            defaultValue = "10",
            description = "versions an arrival may be behind (default: ${DEFAULT-VALUE})")
    private int maxStaleness;

    /** Puts the run on the clock, if there is a world. */
    void configure(SimulationBuilder builder, int cohort, StrategyRegistry strategies) {
        if (world == null) {
            Check.that(
                    deviceTrace == null && availabilityTrace == null && overCommit == null && concurrency == null,
                    "options of a simulated clock",
                    "given with --world",
                    "without");
            return;
        }
        World named = strategies.parse(World.class, world);
        World simulated = new World(
                Optional.ofNullable(deviceTrace)
                        .map(file ->
                                DeviceProfiles.listed(TraceFiles.devices(file)).durations())
                        .orElse(named.durations()),
                Optional.ofNullable(availabilityTrace)
                        .map(file -> AvailabilityTrace.listed(TraceFiles.availability(file)))
                        .orElse(named.availability()),
                named.dropOutRate());
        if (concurrency != null) {
            Check.that(overCommit == null, "--over-commit", "left out of asynchronous rounds", overCommit);
            builder.algorithm(
                    new Asynchronous(new AsynchronousRules(concurrency, buffer, maxStaleness, window), simulated));
        } else {
            builder.algorithm(new SynchronousTime(simulated, timeout));
            Optional.ofNullable(overCommit).ifPresent(factor -> builder.algorithm(new OverCommitment(cohort, factor)));
        }
    }
}
