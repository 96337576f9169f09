package org.fl4j.simulation;

import org.fl4j.internal.Check;

/**
 * Asks more clients than are needed and keeps the fastest, on a simulated clock (Bonawitz et al. 2019, arXiv
 * 1902.01046, section 4.2): {@code .algorithm(new SynchronousTime(world, 600)).algorithm(new OverCommitment(100))}.
 * Those that are not waited for are not trained.
 *
 * @param needed how many updates a round takes, at least 1
 * @param factor how many clients are asked for each that is needed, at least 1; rounded up
 */
public record OverCommitment(int needed, double factor) implements Algorithm {
    /** Checks both. */
    public OverCommitment {
        Check.positive("needed", needed);
        Check.that(factor >= 1 && Double.isFinite(factor), "factor", "at least 1 and finite", factor);
    }

    /** Asks 1.3 clients for each that is needed, as FedScale does. */
    public OverCommitment(int needed) {
        this(needed, 1.3);
    }

    @Override
    public Parts on(Parts parts) {
        return parts.cohortSize(asked()).updates(parts.updates().bufferSize(needed));
    }

    private int asked() {
        return (int) Math.ceil(needed * factor - 1e-9);
    }

    /** Accepts only runs on a clock, or the fastest would be those with the lowest ids. */
    @Override
    public void verify(Parts parts) {
        Check.that(
                parts.has(ServerLayer.TIME),
                "server under over-commitment",
                "on a simulated clock",
                "one without time");
        Check.that(
                parts.cohortSize() == asked(),
                "cohortSize under over-commitment",
                String.valueOf(asked()),
                parts.cohortSize());
        Check.that(
                parts.updates().bufferSize() == needed,
                "bufferSize under over-commitment",
                String.valueOf(needed),
                parts.updates().bufferSize());
    }
}
