package org.fl4j.examples.command;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;
import java.util.stream.Stream;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ListAggregator;
import org.fl4j.core.ServerOptimizer;
import org.fl4j.internal.Check;
import org.fl4j.registry.NamedStrategy;
import org.fl4j.registry.StrategyProvider;
import org.fl4j.server.AddDelta;

/**
 * What a third party's jar would hold: an aggregator that takes one update of the cohort, and plain server optimizers
 * that bring a run to an end in an exact round.
 */
public final class PlugInStrategies implements StrategyProvider {
    /** The system property with the step in which a gate waits; without it gates change nothing. */
    public static final String GATE_STEP = "org.fl4j.examples.gateStep";

    /** The system property that says which run of the process waits: the n-th one that reaches the step. */
    public static final String GATE_RUN = "org.fl4j.examples.gateRun";

    /** What is printed when a gate waits. */
    public static final String WAITING = "waits at the gate";

    /** What the optimizer {@code removing} removes in its second step. */
    public static final AtomicReference<Path> REMOVED = new AtomicReference<>();

    private static final String STEPS = "plug-in/steps";
    private static final AtomicInteger AT_GATE = new AtomicInteger();

    @Override
    public List<NamedStrategy<?>> strategies() {
        return List.of(
                new NamedStrategy<>(Aggregator.class, "dictator", p -> {
                    int chosen = Check.atLeast("chosen", 0, p.integer("chosen", 0));
                    return new ListAggregator(
                            updates -> updates.get(chosen % updates.size()).delta());
                }),
                new NamedStrategy<>(ServerOptimizer.class, "brittle", p -> {
                    int failing = p.integer("failingStep", 1);
                    return beforeEachStep(step -> {
                        if (step == failing) {
                            throw new IllegalStateException("step " + step + " breaks it");
                        }
                    });
                }),
                new NamedStrategy<>(
                        ServerOptimizer.class,
                        "removing",
                        p -> beforeEachStep(step -> {
                            if (step == 2) {
                                remove(REMOVED.get());
                            }
                        })),
                new NamedStrategy<>(
                        ServerOptimizer.class,
                        "gate",
                        p -> beforeEachStep(step -> {
                            if (step == Integer.getInteger(GATE_STEP, 0)
                                    && AT_GATE.incrementAndGet() == Integer.getInteger(GATE_RUN, 1)) {
                                awaitKill();
                            }
                        })));
    }

    /** Adds the update, and counts steps in its state, so that they go on after a resume. */
    private static ServerOptimizer beforeEachStep(IntConsumer told) {
        AddDelta plain = new AddDelta(1);
        return (model, delta, state) -> {
            int step = state.number(STEPS).map(Double::intValue).orElse(0) + 1;
            told.accept(step);
            return new ServerOptimizer.Step(plain.step(model, delta, state).model(), state.with(STEPS, step));
        };
    }

    private static void remove(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Reads what is never written. If the test's process ends without a kill, so does the input, and this process with
     * it.
     */
    private static void awaitKill() {
        System.out.println(WAITING);
        try {
            throw new IllegalStateException("nobody killed this process, but its input ended: " + System.in.read());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
