package org.fl4j.examples.benchmark;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.fl4j.aggregators.FedAdam;
import org.fl4j.aggregators.FedYogi;
import org.fl4j.aggregators.robust.CoordinateMedian;
import org.fl4j.aggregators.robust.Krum;
import org.fl4j.aggregators.robust.TrimmedMean;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ServerOptimizer;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.message.StrategyState;
import org.fl4j.metrics.Metrics;
import org.fl4j.privacy.noise.Noise;
import org.fl4j.privacy.noise.NoiseSource;
import org.fl4j.random.Seed;
import org.fl4j.server.AddDelta;
import org.fl4j.tensor.Parallel;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterRole;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.SharedFloats;
import org.fl4j.tensor.TensorEngine;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Robust rules on updates of normal noise, and steps of server optimizers by the first of them. {@code
 * fl-examples/peers/torch_rules.py} times PyTorch's operations for the rules on the same sizes.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class RuleBenchmark {
    private static final RoundContext ROUND = new RoundContext(1, new Seed(1), /* clientCount= */ 100);

    /** How many updates there are, and how long. */
    @Param({"10x1663370", "100x199210"})
    private String updates;

    /** How many threads compute. */
    @Param({"1", "2"})
    private int threads;

    private NDManager manager;
    private ServerState state;
    private StrategyState moments;
    private final List<ParameterVector> deltas = new ArrayList<>();

    /** Draws the updates. */
    @Setup
    public void draw() {
        manager = TensorEngine.newManager(Device.cpu());
        TensorEngine.prepareThread();
        int at = updates.indexOf('x');
        int length = Integer.parseInt(updates.substring(at + 1));
        ParameterLayout layout = new ParameterLayout.Builder()
                .add("w", new Shape(length), ParameterRole.TRAINABLE)
                .build();
        RandomGenerator random = NoiseSource.seeded().generator(new Seed(1));
        SharedFloats memory = new SharedFloats(manager);
        for (int i = 0; i < Integer.parseInt(updates.substring(0, at)); i++) {
            deltas.add(new ParameterVector(
                    layout, Noise.gaussian(length, 1, random, memory).duplicate(), Optional.empty()));
        }
        moments = StrategyState.empty()
                .with("fedadam/m", manager.zeros(new Shape(length)))
                .with("fedadam/v", manager.ones(new Shape(length)))
                .with("fedyogi/m", manager.zeros(new Shape(length)))
                .with("fedyogi/v", manager.ones(new Shape(length)));
        state = new ServerState(0, ParameterVector.zeros(layout, manager), StrategyState.empty());
    }

    /** Frees them. */
    @TearDown
    public void free() {
        manager.close();
    }

    private Aggregate by(Aggregator rule) {
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            Aggregation aggregation = rule.begin(ROUND, state);
            for (int i = 0; i < deltas.size(); i++) {
                aggregation.add(new ModelUpdate(new ClientId(i), 0, 1, 1, deltas.get(i), Metrics.none()));
            }
            return Parallel.among(threads, aggregation::combine);
        }
    }

    /** The median of each coordinate. */
    @Benchmark
    public Aggregate median() {
        return by(new CoordinateMedian());
    }

    /** The mean of each coordinate without a fifth of the values at either end. */
    @Benchmark
    public Aggregate trimmedMean() {
        return by(new TrimmedMean(.2));
    }

    /** The update that is nearest to the others. */
    @Benchmark
    public Aggregate krum() {
        return by(Krum.single(2));
    }

    private ServerOptimizer.Step step(ServerOptimizer optimizer) {
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            return Parallel.among(threads, () -> optimizer.step(state.model(), deltas.get(0), moments));
        }
    }

    /** The plain server step: reads two vectors, writes one. */
    @Benchmark
    public ServerOptimizer.Step plainStep() {
        return step(new AddDelta(1));
    }

    /** FedAdam's server step: reads four vectors, writes three. */
    @Benchmark
    public ServerOptimizer.Step adamStep() {
        return step(new FedAdam(.01));
    }

    /** FedYogi's server step: reads four vectors, writes three. */
    @Benchmark
    public ServerOptimizer.Step yogiStep() {
        return step(new FedYogi(.01));
    }
}
