package org.fl4j.experiments;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import org.fl4j.core.ClientDirectory;
import org.fl4j.execution.ExecutionPolicy;
import org.fl4j.execution.PriorityRule;
import org.fl4j.experiments.monitoring.SystemProbe;
import org.fl4j.internal.Check;
import org.fl4j.monitoring.AdaptationRule;
import org.fl4j.simulation.AdaptiveTraining;
import org.fl4j.simulation.BlockTraining;
import org.fl4j.simulation.CohortExecutor;
import org.fl4j.simulation.FailurePolicy;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.tensor.Devices;

/** How clients are run on this machine. */
final class ExecutionPart {
    private static final Duration LOOK = Duration.ofMillis(500);
    private static final Map<String, FailurePolicy> POLICIES =
            Map.of("fail", FailurePolicy.FAIL_RUN, "skip", FailurePolicy.SKIP_CLIENT);
    private static final Map<String, AdaptationRule> RULES =
            Map.of("fedscale", AdaptationRule.fedscale(), "own-batch", AdaptationRule.upToOwnBatch());

    private final Values values;

    ExecutionPart(Values values) {
        this.values = values;
        Check.that(
                !values.has("execution.backOff") || attempts() > 1,
                "backOff",
                "left out with one attempt",
                values.text("execution.backOff").orElse(""));
    }

    private int attempts() {
        return values.whole("execution.attempts").orElse(1);
    }

    void put(SimulationBuilder builder, ClientDirectory clients, Devices devices) {
        values.whole("workers").ifPresent(builder::workers);
        values.text("execution.onFailure").ifPresent(name -> builder.failurePolicy(POLICIES.get(name)));
        ExecutionPolicy policy = ExecutionPolicy.once();
        if (values.has("execution.order")) {
            policy = policy.priority(values.named("execution.order", PriorityRule.class)
                    .orElseThrow()
                    .of(clients));
        }
        policy = policy.attempts(
                        attempts(),
                        values.number("execution.backOff")
                                .map(ExecutionPart::duration)
                                .orElse(policy.backOff()))
                .aheadPerWorker(values.whole("execution.ahead").orElse(policy.aheadPerWorker()));
        if (values.has("execution.timeout")) {
            policy = policy.timeout(duration(values.number("execution.timeout").orElseThrow()));
        }
        if (values.has("execution.roundLimit")) {
            policy = policy.roundLimit(
                    duration(values.number("execution.roundLimit").orElseThrow()));
        }
        builder.execution(policy);
        if (values.isTrue("execution.monitor")) {
            builder.monitor(probe(devices), LOOK);
        }
        // a probe of its own: each tells of the time since it looked last
        values.text("execution.adapt")
                .ifPresent(name -> builder.algorithm(new AdaptiveTraining(probe(devices), RULES.get(name))));
        values.text("execution.blockTraining")
                .ifPresent(name -> builder.blockTraining(BlockTraining.valueOf(name.toUpperCase(Locale.ROOT))));
        values.whole("execution.blockSize").ifPresent(builder::blockSize);
        values.named("execution.executor", CohortExecutor.Factory.class).ifPresent(builder::executor);
    }

    private static SystemProbe probe(Devices devices) {
        return new SystemProbe(Path.of("").toAbsolutePath(), devices.list());
    }

    private static Duration duration(double seconds) {
        return Duration.ofNanos(Math.round(seconds * 1e9));
    }
}
