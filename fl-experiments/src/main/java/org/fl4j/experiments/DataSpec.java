package org.fl4j.experiments;

import ai.djl.basicdataset.BasicDatasets;
import ai.djl.ndarray.types.Shape;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Supplier;
import org.fl4j.InvalidSettingException;
import org.fl4j.data.CifarReader;
import org.fl4j.data.ClassesPerClientPartitioner;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.DirichletPartitioner;
import org.fl4j.data.IidPartitioner;
import org.fl4j.data.MnistReader;
import org.fl4j.data.Partitioner;
import org.fl4j.data.QuantitySkewPartitioner;
import org.fl4j.data.ShardPartitioner;
import org.fl4j.internal.Check;
import org.fl4j.internal.Decimals;
import org.fl4j.model.Layer;
import org.fl4j.model.LearningTask;
import org.fl4j.model.Models;
import org.fl4j.model.Network;
import org.fl4j.random.Seed;

/**
 * What is learned, by whom.
 *
 * @param set {@code mnist} or {@code cifar}
 * @param source {@code digits}, drawn by code, {@code download}, or a directory of the set's files
 * @param model one of the set's
 * @param partition such as {@code iid} or {@code shards:2}
 * @param clients at least 1
 * @param localTest the share of each client's examples that it is evaluated on and does not train on, in [0, 1)
 * @param heldOut how many of the clients, the last ones, are evaluated and never train; at least one client must be
 *     left
 */
public record DataSpec(
        String set,
        String source,
        String model,
        String partition,
        int clients,
        Optional<Double> localTest,
        int heldOut) {
    private static final Map<String, Map<String, Supplier<LearningTask>>> MODELS = Map.of(
            "mnist",
            new TreeMap<>(Map.of(
                    "softmax", () -> Models.softmaxRegression(new Shape(1, 28, 28), 10),
                    "2nn", Models::mnist2nn,
                    "2nn-batchnorm", DataSpec::twoLayersNormalised,
                    "cnn", Models::mnistCnn)),
            "cifar",
            new TreeMap<>(Map.of(
                    "cnn", Models::cifarCnn,
                    "resnet18-bn", () -> Models.resNet18BatchNorm(10),
                    "resnet18-gn", () -> Models.resNet18GroupNorm(10, 32))));
    private static final Map<String, Function<String, Partitioner>> PARTITIONERS = new TreeMap<>(Map.of(
            "iid", DataSpec::iid,
            "shards", argument -> new ShardPartitioner(Integer.parseInt(argument)),
            "dirichlet", argument -> new DirichletPartitioner(Decimals.parse(argument)),
            "classes", argument -> new ClassesPerClientPartitioner(Integer.parseInt(argument)),
            "lognormal", argument -> QuantitySkewPartitioner.logNormal(Decimals.parse(argument)),
            "quantity", argument -> QuantitySkewPartitioner.dirichlet(Decimals.parse(argument))));

    /** Checks all but that the files are there. */
    public DataSpec {
        Check.oneOf("set", new TreeSet<>(MODELS.keySet()), set);
        Check.present("source", source);
        Check.oneOf("model", MODELS.get(set).keySet(), model);
        Check.positive("clients", clients);
        partitioner(partition);
        localTest.ifPresent(share -> Check.fraction("localTest", share));
        Check.inRange("heldOut", 0, clients - 1, heldOut);
    }

    /** Returns the partitioner of a name. */
    static Partitioner partitioner(String name) {
        String[] parts = name.toLowerCase(Locale.ROOT).split(":", 2);
        return Optional.ofNullable(PARTITIONERS.get(parts[0]))
                .map(make -> {
                    try {
                        return make.apply(parts.length == 2 ? parts[1] : "");
                    } catch (NumberFormatException e) {
                        throw new InvalidSettingException(
                                "partition", "a name and a number, as in shards:2", name, List.of(), e);
                    }
                })
                .orElseThrow(() -> new InvalidSettingException(
                        "partition",
                        "iid, shards:K, dirichlet:ALPHA, classes:K, lognormal:SIGMA or quantity:ALPHA",
                        name));
    }

    private static Partitioner iid(String argument) {
        Check.that(argument.isEmpty(), "partition iid", "without an argument", argument);
        return new IidPartitioner();
    }

    Partitioner partitioner() {
        return partitioner(partition);
    }

    /** Returns how many clients train: the first ones. */
    int trainingClients() {
        return clients - heldOut;
    }

    LearningTask task() {
        return MODELS.get(set).get(model).get();
    }

    /** Loads the data, which the caller closes. */
    public Dataset load() {
        return switch (set + " " + source) {
            case "mnist digits" -> Digits.generate(/* trainCount= */ 30_000, /* testCount= */ 5_000, new Seed(0));
            case "mnist download" -> DownloadedDatasets.mnist(BasicDatasets.REPOSITORY);
            case "cifar digits" ->
                Digits.generateColored(/* trainCount= */ 10_000, /* testCount= */ 2_000, new Seed(0))
                        .standardised();
            case "cifar download" ->
                DownloadedDatasets.cifar10(BasicDatasets.REPOSITORY).standardised();
            default ->
                set.equals("mnist")
                        ? MnistReader.read(Path.of(source))
                        : CifarReader.read(Path.of(source)).standardised();
        };
    }

    private static LearningTask twoLayersNormalised() {
        return LearningTask.classification(
                Network.of(
                        new Layer.Flatten(),
                        new Layer.Dense(200),
                        new Layer.BatchNorm(),
                        new Layer.Relu(),
                        new Layer.Dense(200),
                        new Layer.BatchNorm(),
                        new Layer.Relu(),
                        new Layer.Dense(10)),
                new Shape(1, 28, 28));
    }
}
