package org.fl4j.examples.command;

import java.util.Optional;
import org.fl4j.experiments.ClockSpec;
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
    private String deviceTrace;

    @Option(
            names = "--availability-trace",
            description = "availability of --world, from a file in FedScale's shape (.json, .csv)")
    private String availabilityTrace;

    @Option(names = "--timeout", description = "simulated seconds a synchronous round may last (default: without end)")
    private Double timeout;

    @Option(
            names = "--over-commit",
            description = "clients asked for each that is wanted, such as 1.3; the fastest are kept")
    private Double overCommit;

    @Option(
            names = "--concurrency",
            description = "makes rounds asynchronous: how many clients train at any simulated time")
    private Integer concurrency;

    @Option(names = "--buffer", description = "arrivals that make an asynchronous round (default: 10)")
    private Integer buffer;

    @Option(
            names = "--window",
            description = "simulated seconds an asynchronous round lasts at most (default: without end)")
    private Double window;

    @Option(names = "--max-staleness", description = "versions an arrival may be behind (default: 10)")
    private Integer maxStaleness;

    ClockSpec spec() {
        return new ClockSpec(
                Optional.ofNullable(world),
                Optional.ofNullable(deviceTrace),
                Optional.ofNullable(availabilityTrace),
                Optional.ofNullable(timeout),
                Optional.ofNullable(overCommit),
                Optional.ofNullable(concurrency),
                Optional.ofNullable(buffer),
                Optional.ofNullable(window),
                Optional.ofNullable(maxStaleness));
    }
}
