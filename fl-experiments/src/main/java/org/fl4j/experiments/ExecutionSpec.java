package org.fl4j.experiments;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientPriority;
import org.fl4j.execution.ExecutionPolicy;
import org.fl4j.experiments.monitoring.SystemProbe;
import org.fl4j.internal.Check;
import org.fl4j.monitoring.AdaptationRule;
import org.fl4j.simulation.AdaptiveTraining;
import org.fl4j.simulation.FailurePolicy;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.tensor.Devices;

/**
 * How clients are run on this machine.
 *
 * @param workers clients that train at once; one a processor if nothing says it
 * @param ahead clients a worker that are queued or wait to be folded, 2 if nothing says it
 * @param order {@code cohort}, or {@code largest-first}: who has more examples begins earlier
 * @param onFailure {@code fail} or {@code skip}: what a client that throws does to the run
 * @param attempts how often a client that throws is begun, 1 if nothing says it
 * @param backOff seconds before the second attempt, .25 if nothing says it; doubles with each further one
 * @param timeout seconds an attempt may take; without it there is no end
 * @param monitor whether to look at processors, memory, the working directory's disk and GPUs
 * @param adapt {@code fedscale} or {@code own-batch}: how training adapts to what the machine has left; without it not
 *     at all
 */
public record ExecutionSpec(
        Optional<Integer> workers,
        Optional<Integer> ahead,
        Optional<String> order,
        Optional<String> onFailure,
        Optional<Integer> attempts,
        Optional<Double> backOff,
        Optional<Double> timeout,
        boolean monitor,
        Optional<String> adapt) {
    private static final Duration LOOK = Duration.ofMillis(500);
    private static final Map<String, FailurePolicy> POLICIES =
            Map.of("fail", FailurePolicy.FAIL_RUN, "skip", FailurePolicy.SKIP_CLIENT);
    private static final Map<String, AdaptationRule> RULES =
            Map.of("fedscale", AdaptationRule.fedscale(), "own-batch", AdaptationRule.upToOwnBatch());

    /** Checks all. */
    public ExecutionSpec {
        workers.ifPresent(count -> Check.positive("workers", count));
        ahead.ifPresent(count -> Check.positive("ahead", count));
        order.ifPresent(name -> Check.oneOf("order", List.of("cohort", "largest-first"), name));
        onFailure.ifPresent(name -> Check.oneOf("onFailure", new TreeSet<>(POLICIES.keySet()), name));
        attempts.ifPresent(count -> Check.positive("attempts", count));
        backOff.ifPresent(seconds -> Check.notNegative("backOff", seconds));
        Check.that(
                backOff.isEmpty() || attempts.orElse(1) > 1,
                "backOff",
                "left out with one attempt",
                backOff.orElse(0.0));
        timeout.ifPresent(seconds -> Check.positive("timeout", seconds));
        adapt.ifPresent(name -> Check.oneOf("adapt", new TreeSet<>(RULES.keySet()), name));
    }

    /** Returns: as a simulation does by itself. */
    public static ExecutionSpec plain(Optional<Integer> workers) {
        return new ExecutionSpec(
                workers,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                false,
                Optional.empty());
    }

    void configure(SimulationBuilder builder, ClientDirectory clients, Devices devices) {
        workers.ifPresent(builder::workers);
        onFailure.ifPresent(name -> builder.failurePolicy(POLICIES.get(name)));
        ExecutionPolicy policy = ExecutionPolicy.once();
        if (order.filter("largest-first"::equals).isPresent()) {
            policy = policy.priority(ClientPriority.largestFirst(clients));
        }
        policy = policy.attempts(
                        attempts.orElse(policy.attempts()),
                        backOff.map(ExecutionSpec::duration).orElse(policy.backOff()))
                .aheadPerWorker(ahead.orElse(policy.aheadPerWorker()));
        builder.execution(
                timeout.map(ExecutionSpec::duration).map(policy::timeout).orElse(policy));
        if (monitor) {
            builder.monitor(probe(devices), LOOK);
        }
        // a probe of its own: each tells of the time since it looked last
        adapt.ifPresent(name -> builder.algorithm(new AdaptiveTraining(probe(devices), RULES.get(name))));
    }

    private static SystemProbe probe(Devices devices) {
        return new SystemProbe(Path.of("").toAbsolutePath(), devices.list());
    }

    private static Duration duration(double seconds) {
        return Duration.ofNanos(Math.round(seconds * 1e9));
    }
}
