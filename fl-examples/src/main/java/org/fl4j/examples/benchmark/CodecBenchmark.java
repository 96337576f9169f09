package org.fl4j.examples.benchmark;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.fl4j.core.Codec;
import org.fl4j.message.StrategyState;
import org.fl4j.privacy.noise.Noise;
import org.fl4j.privacy.noise.NoiseSource;
import org.fl4j.random.Seed;
import org.fl4j.registry.StrategyRegistry;
import org.fl4j.tensor.Kernels;
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

/** Encodes and decodes a delta of McMahan's CNN, beside a copy of it. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 4, time = 1)
@Fork(1)
public class CodecBenchmark {
    private static final int LENGTH = 1_663_370;

    /** The codec's name and parameters. */
    @Param({
        "float16",
        "bfloat16",
        "top-k:errorFeedback=false",
        "top-k:fraction=.01",
        "random-k:fraction=.01",
        "threshold:least=2.5,errorFeedback=false",
        "stc:fraction=.01,errorFeedback=false",
        "sign:errorFeedback=false",
        "qsgd",
        "qsgd:form=fixed",
        "terngrad",
        "quantised:bits=4",
        "quantised:bits=4,entropy=true",
        "drive",
        "eden:bits=2",
        "count-sketch:rows=5,fraction=.1"
    })
    private String codec;

    private NDManager manager;
    private Codec made;
    private ParameterVector delta;
    private ParameterVector target;

    /** Draws the delta. */
    @Setup
    public void draw() {
        manager = TensorEngine.newManager(Device.cpu());
        TensorEngine.prepareThread();
        made = StrategyRegistry.load().parse(Codec.class, codec);
        ParameterLayout layout = new ParameterLayout.Builder()
                .add("w", new Shape(LENGTH), ParameterRole.TRAINABLE)
                .build();
        RandomGenerator random = NoiseSource.seeded().generator(new Seed(1));
        delta = new ParameterVector(
                layout,
                Noise.gaussian(LENGTH, 1, random, new SharedFloats(manager)).duplicate(),
                Optional.empty());
        target = ParameterVector.zeros(layout, manager);
    }

    /** Frees it. */
    @TearDown
    public void close() {
        manager.close();
    }

    /** Copies the delta. */
    @Benchmark
    public void copy() {
        Kernels.copy(delta.floats(), target.floats());
    }

    /** Encodes and decodes the delta. */
    @Benchmark
    public void encodeAndDecode() {
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            Codec.Encoded encoded = made.encode(delta, StrategyState.empty(), new Seed(3));
            made.decode(encoded.arrays(), delta.layout(), StrategyState.empty());
        }
    }
}
