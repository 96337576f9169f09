package org.fl4j.examples.benchmark;

import ai.djl.ndarray.types.Shape;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.fl4j.data.CifarReader;
import org.fl4j.data.Digits;
import org.fl4j.data.MnistReader;
import org.fl4j.model.LearningTask;
import org.fl4j.model.Models;
import org.fl4j.random.Seed;

/** The published workloads: each trains one epoch a round on clients of equal size. */
@SuppressWarnings("ImmutableEnumChecker") // the suppliers are method references without state
enum BenchmarkCase {
    /** MNIST, 2NN: McMahan et al. 2017. */
    P1(Models::mnist2nn, 100, 600, 10, 20, 10, .1),
    /** MNIST, CNN: McMahan et al. 2017. */
    P2(Models::mnistCnn, 100, 600, 10, 5, 10, .1),
    /** What a framework costs: many clients with one step each. */
    P3(BenchmarkCase::softmax, 1000, 10, 100, 50, 10, .1),
    /** CIFAR-10 as pfl-research publishes it. */
    P5(Models::cifarCnn, 1000, 50, 50, 10, 10, .1),
    /** Softmax regression as FLUTE and Flower publish it. */
    P6(BenchmarkCase::softmax, 1000, 60, 10, 100, 10, .03),
    /** The next character of tiny Shakespeare, LEAF's LSTM on 80 characters. */
    P8(() -> Models.characterLstm(PlayText.CHARACTERS, 80), 100, 60, 5, 3, 10, .8),
    /** CIFAR-10, ResNet-18 with group normalisation. */
    P9(() -> Models.resNet18GroupNorm(10, 32), 1000, 50, 2, 3, 10, .05),
    /** Tiny Shakespeare, a causal transformer of four layers and 128 features on 64 characters. */
    P10(() -> Models.transformer(PlayText.CHARACTERS, 64, 4, 128, 4), 100, 60, 5, 3, 10, .1);

    final Supplier<LearningTask> task;
    final int clients;
    final int examplesPerClient;
    final int cohort;
    final int rounds;
    final int batch;
    final double learningRate;

    BenchmarkCase(
            Supplier<LearningTask> task,
            int clients,
            int examplesPerClient,
            int cohort,
            int rounds,
            int batch,
            double learningRate) {
        this.task = task;
        this.clients = clients;
        this.examplesPerClient = examplesPerClient;
        this.cohort = cohort;
        this.rounds = rounds;
        this.batch = batch;
        this.learningRate = learningRate;
    }

    private static LearningTask softmax() {
        return Models.softmaxRegression(new Shape(1, 28, 28), 10);
    }

    static BenchmarkCase find(String name) {
        return Arrays.stream(values())
                .filter(workload -> workload.name().equalsIgnoreCase(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("workload must be one of "
                        + Arrays.stream(values())
                                .map(workload -> workload.name().toLowerCase(Locale.ROOT))
                                .collect(Collectors.joining(", "))
                        + ", but was " + name));
    }

    /** Reads the data: the real ones below a directory, or digits of the same shape and number. */
    BenchmarkData data(String source) {
        if (this == P8 || this == P10) {
            return PlayText.read(Path.of(source), this == P8 ? 80 : 64, /* eachPosition= */ this == P10);
        }
        if (this == P5 || this == P9) {
            return BenchmarkData.of(CifarReader.read(Path.of(source)).standardised());
        }
        return BenchmarkData.of(
                source.equals("digits")
                        ? Digits.generate(60_000, 10_000, new Seed(0))
                        : MnistReader.read(Path.of(source)));
    }
}
