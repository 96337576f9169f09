package org.fl4j.experiments;

import java.nio.file.Path;
import org.fl4j.internal.Check;
import org.fl4j.server.AsynchronousRules;
import org.fl4j.simulation.Asynchronous;
import org.fl4j.simulation.OverCommitment;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.simulation.SynchronousTime;
import org.fl4j.world.AvailabilityTrace;
import org.fl4j.world.DeviceProfiles;
import org.fl4j.world.TraceFiles;
import org.fl4j.world.World;

/** A simulated clock, if there is a world. */
final class ClockPart {
    private ClockPart() {}

    static void check(Values values) {
        boolean asynchronous = values.has("world.concurrency");
        boolean asksOfArrivals =
                values.has("world.buffer") || values.has("world.window") || values.has("world.maxStaleness");
        Check.that(
                asynchronous || !asksOfArrivals,
                "buffer, window and maxStaleness",
                "left out of synchronous rounds",
                "given without concurrency");
        Check.that(
                values.has("world.name") || !values.hasAnyBelow("world", "name"),
                "options of a simulated clock",
                "given with a world",
                "without");
        Check.that(
                !asynchronous || !(values.has("world.overCommit") || values.has("world.timeout")),
                "over-commitment and timeout",
                "left out of asynchronous rounds",
                "given");
    }

    static void put(Values values, SimulationBuilder builder, int cohort) {
        if (!values.has("world.name")) {
            return;
        }
        World named = values.named("world.name", World.class).orElseThrow();
        World simulated = new World(
                values.text("world.deviceTrace")
                        .map(file -> DeviceProfiles.listed(TraceFiles.devices(Path.of(file)))
                                .durations())
                        .orElse(named.durations()),
                values.text("world.availabilityTrace")
                        .map(file -> AvailabilityTrace.listed(TraceFiles.availability(Path.of(file))))
                        .orElse(named.availability()),
                named.dropOutRate());
        if (values.has("world.concurrency")) {
            builder.algorithm(new Asynchronous(
                    new AsynchronousRules(
                            values.whole("world.concurrency").orElseThrow(),
                            values.whole("world.buffer").orElse(10),
                            values.whole("world.maxStaleness").orElse(10),
                            values.number("world.window").orElse(Double.POSITIVE_INFINITY)),
                    simulated));
        } else {
            builder.algorithm(new SynchronousTime(
                    simulated, values.number("world.timeout").orElse(Double.POSITIVE_INFINITY)));
            values.number("world.overCommit")
                    .ifPresent(factor -> builder.algorithm(new OverCommitment(cohort, factor)));
        }
    }
}
