package org.fl4j.examples.benchmark;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.fl4j.data.Examples;
import org.fl4j.model.ExampleMeasure;
import org.fl4j.privacy.noise.Noise;
import org.fl4j.privacy.noise.NoiseSource;
import org.fl4j.random.Seed;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.SharedFloats;
import org.fl4j.tensor.TensorEngine;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Vector kernels on the 1,663,370 parameters of the McMahan CNN, one thread, beside a plain copy: a copy moves 13.3 MB
 * (it reads and writes), folding an update moves 20 MB (it reads two vectors and writes one).
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class KernelBenchmark {
    private static final int PARAMETERS = 1_663_370;
    private static final int SMALLER = 199_210; // parameters of the 2NN
    private static final int UPDATES = 100; // so that updates come from memory, not from the cache

    private RandomGenerator random;
    private SharedFloats memory;
    private NDManager manager;
    private NDArray[] updates;
    private NDArray sum;
    private NDArray images;
    private Examples examples;
    private int[] rows;
    private NDArray logits;
    private NDArray labels;
    private int next;

    /** Allocates a hundred updates. */
    @Setup
    public void allocate() {
        manager = TensorEngine.newManager(Device.cpu());
        TensorEngine.prepareThread();
        random = NoiseSource.seeded().generator(new Seed(1));
        memory = new SharedFloats(manager);
        updates = new NDArray[UPDATES];
        for (int i = 0; i < UPDATES; i++) {
            updates[i] = manager.full(new Shape(PARAMETERS), 1e-3f * i, DataType.FLOAT32);
        }
        sum = manager.zeros(new Shape(PARAMETERS));
        images = manager.ones(new Shape(60_000, 784));
        labels = manager.zeros(new Shape(10), DataType.INT64);
        examples = new Examples(images, manager.zeros(new Shape(60_000), DataType.INT64));
        logits = manager.ones(new Shape(10, 10));
        rows = new int[10];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = 5_003 * i;
        }
    }

    /** Frees them. */
    @TearDown
    public void free() {
        manager.close();
    }

    private NDArray update() {
        next = (next + 1) % UPDATES;
        return updates[next];
    }

    /** The yardstick: copies a vector. */
    @Benchmark
    public void copy() {
        Kernels.copy(update(), sum);
    }

    /** Folds an update into a mean; also the plain SGD step. */
    @Benchmark
    public void addScaled() {
        Kernels.addScaled(sum, update(), 1e-3);
    }

    /** A momentum step's first half. */
    @Benchmark
    public void decayAndAdd() {
        Kernels.decayAndAdd(sum, .9, update(), 1);
    }

    /** The server's check of an update. */
    @Benchmark
    public boolean isFinite() {
        return Kernels.isFinite(update());
    }

    /** The norm that clipping needs. */
    @Benchmark
    public double norm() {
        return Kernels.norm(update());
    }

    /** Normal noise for a model of the size of the 2NN. */
    @Benchmark
    public void noise() {
        Noise.gaussian(SMALLER, 1, random, memory).close();
    }

    /** Gathers a batch of ten images. */
    @Benchmark
    public void batch() {
        examples.rows(rows, manager).close();
    }

    /** The loss of a batch of ten on the eager path, without gradients. */
    @Benchmark
    public float crossEntropy() {
        try (NDArray losses = ExampleMeasure.crossEntropy().perExample(logits, labels)) {
            return losses.getFloat(0);
        }
    }
}
