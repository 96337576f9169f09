package org.fl4j.experiments;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.fl4j.InvalidSettingException;
import org.fl4j.core.ClientSelector;
import org.fl4j.data.Dataset;
import org.fl4j.data.FederatedDataset;
import org.fl4j.data.LocalSplit;
import org.fl4j.data.Partition;
import org.fl4j.internal.Check;
import org.fl4j.internal.Sha256;
import org.fl4j.random.Seed;
import org.fl4j.server.UniformSelector;
import org.fl4j.simulation.DiskUpdateStore;
import org.fl4j.simulation.ListenerFactory;
import org.fl4j.simulation.RunListener;
import org.fl4j.simulation.Simulation;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.simulation.StopRule;
import org.fl4j.tensor.Devices;

/**
 * One run, declared by the values of its fields, which {@link FieldTable} lists:
 *
 * <pre>{@code
 * ExperimentSpec spec = ExperimentSpec.of(Map.of("data.partition", "shards:2", "rounds", 5));
 * try (Dataset data = spec.load();
 *         RunResult result = spec.builder(data).build().run()) {
 *     System.out.println(result.stateSha256());
 * }
 * }</pre>
 */
public final class ExperimentSpec {
    private static final double LOCAL_TEST = 0.2;
    private static final int KEY_DIGITS = 12;
    private static final int COHORT = 10;
    private static final String EVALUATION_SELECTOR = "clientEvaluationSelector";
    private static final String EVALUATION_COUNT = "clientEvaluationCount";

    private final Values values;
    private final DataPart data;
    private final ExecutionPart execution;

    private ExperimentSpec(Values values) {
        this.values = values;
        data = new DataPart(values);
        execution = new ExecutionPart(values);
        TrainingPart.check(values);
        ClockPart.check(values);
        Check.inRange("cohort", 1, data.trainingClients(), cohort());
        Check.that(
                !(values.has("world.concurrency") && values.has("cohort")),
                "cohort",
                "left out with world.concurrency, which says how many train",
                cohort());
        StrategyPart.check(values, data.trainingClients());
        checkEvaluation();
        Optional<Integer> buffer = values.whole("updates.buffer");
        Check.that(
                buffer.isEmpty()
                        || buffer.get() >= values.whole("updates.minimum").orElse(0),
                "buffer",
                "at least updates.minimum",
                buffer.orElse(0));
    }

    /**
     * Checks values, and how they go together.
     *
     * @param values texts, numbers, booleans, or lists of them, by the paths of fields; what is missing has its default
     * @throws InvalidSettingException if a field is not known, or its value is not allowed
     */
    public static ExperimentSpec of(Map<String, ?> values) {
        return new ExperimentSpec(Values.of(values));
    }

    private void checkEvaluation() {
        boolean evaluates = values.has("clientEvaluationEvery");
        Check.that(
                evaluates || !values.has("data.localTest"),
                "localTest",
                "left out without clientEvaluationEvery",
                values.number("data.localTest").orElse(0.0));
        Check.that(evaluates || data.heldOut() == 0, "heldOut", "0 without clientEvaluationEvery", data.heldOut());
        for (String field : List.of(EVALUATION_SELECTOR, EVALUATION_COUNT)) {
            Check.that(
                    evaluates || !values.has(field),
                    field,
                    "left out without clientEvaluationEvery",
                    values.text(field).orElse(""));
        }
    }

    /** Returns the seed of all random choices. */
    public long seed() {
        return values.text("seed").map(Long::valueOf).orElse(0L);
    }

    /** Returns how many clients take part in a round. */
    public int cohort() {
        int most = values.has("world.concurrency") ? data.trainingClients() : COHORT; // concurrency says how many train
        return values.whole("cohort").orElse(Math.min(COHORT, most));
    }

    /** Returns the test accuracy to end at, if there is one. */
    public Optional<Double> target() {
        return values.number("target");
    }

    /** Returns the value of a field as text, if it was given. */
    public Optional<String> value(String path) {
        return values.text(path);
    }

    /** Returns a name of the data that are loaded: runs with the same name share them. */
    public String dataName() {
        return data.name();
    }

    /** Loads the data, which the caller closes. */
    public Dataset load() {
        return data.load();
    }

    /** Returns who holds what. */
    public Partition partition(Dataset dataset) {
        return data.partitioner().partition(dataset, data.clients(), new Seed(seed()).derive("partition"));
    }

    /** Returns the share of each client's examples that are for evaluation: by default a fifth, if clients evaluate. */
    private double localTest() {
        return values.has("clientEvaluationEvery")
                ? values.number("data.localTest").orElse(LOCAL_TEST)
                : 0;
    }

    /** Returns the names of the accuracies that clients measure: those that train, and those that are held out. */
    public List<String> clientAccuracies() {
        if (!values.has("clientEvaluationEvery")) {
            return List.of();
        }
        String accuracy = localTest() > 0 ? "/test/accuracy" : "/train/accuracy";
        return data.heldOut() > 0 ? List.of("client" + accuracy, "held-out" + accuracy) : List.of("client" + accuracy);
    }

    /** Returns a builder of the run on the data. */
    public SimulationBuilder builder(Dataset dataset) {
        return builder(dataset, Optional.empty());
    }

    private SimulationBuilder builder(Dataset dataset, Optional<Path> directory) {
        FederatedDataset whole =
                data.partitioner().federated(dataset, data.clients(), new Seed(seed()).derive("partition"));
        Optional<LocalSplit> split =
                Optional.of(localTest()).filter(share -> share > 0).map(share -> whole.split(share, new Seed(seed())));
        FederatedDataset train = split.map(LocalSplit::train).orElse(whole);
        FederatedDataset test = split.map(LocalSplit::test).orElse(whole); // which is never poisoned
        Devices devices = Devices.parse(values.text("device").orElse("cpu"));
        StrategyPart strategies = new StrategyPart(values);
        SimulationBuilder builder = Simulation.builder()
                .task(data.task(dataset))
                .data(strategies.poisoned(train).holdOut(data.heldOut()))
                .testData(dataset.test())
                .training(TrainingPart.training(values))
                .cohortSize(cohort())
                .rounds(values.whole("rounds").orElse(20))
                .devices(devices)
                .seed(seed());
        strategies.putAlgorithms(builder, directory);
        ClockPart.put(values, builder, cohort());
        strategies.putParts(builder);
        target().ifPresent(goal -> builder.stopRule(StopRule.targetReached("test/accuracy", goal)));
        values.list("stop").forEach(line -> builder.stopRule(values.names().parse(StopRule.class, line)));
        putEvaluation(builder, test);
        execution.put(builder, train.clients(), devices); // held-out clients too, for they evaluate
        return builder;
    }

    private void putEvaluation(SimulationBuilder builder, FederatedDataset test) {
        values.whole("clientEvaluationEvery").ifPresent(every -> builder.clientEvaluation(test, every));
        if (values.has(EVALUATION_SELECTOR) || values.has(EVALUATION_COUNT)) {
            builder.evaluationSelector(
                    values.named(EVALUATION_SELECTOR, ClientSelector.class).orElseGet(UniformSelector::new),
                    values.whole(EVALUATION_COUNT).orElse(test.clients().size()));
        }
    }

    /**
     * Returns a builder of the run on the data, with what is written into a directory of the run's own: the listeners
     * that were asked for, the log of a private algorithm, and updates that wait on disk.
     */
    public SimulationBuilder builder(Dataset dataset, Path directory) {
        SimulationBuilder builder = builder(dataset, Optional.of(directory));
        listeners(directory).forEach(builder::listener);
        if (values.isTrue("updates.onDisk")) {
            builder.updateStore(new DiskUpdateStore(directory.resolve("updates"), DiskUpdateStore.Retention.DELETE));
        }
        return builder;
    }

    /** Gives each listener a folder of its own, so that no two of them, nor the runner, write the same file. */
    private List<RunListener> listeners(Path directory) {
        Map<String, Integer> counts = new HashMap<>();
        return values.list("listeners").stream()
                .map(line -> {
                    String name = line.split(":", 2)[0].strip();
                    int count = counts.merge(name, 1, Integer::sum);
                    Path own = directory.resolve("listeners").resolve(count == 1 ? name : name + "-" + count);
                    return values.names().parse(ListenerFactory.class, line).in(own);
                })
                .toList();
    }

    /** Returns whether the run cannot do without a directory of its own, because it writes files. */
    public boolean needsDirectory() {
        return !values.list("listeners").isEmpty()
                || values.isTrue("updates.onDisk")
                || new StrategyPart(values).writesFiles();
    }

    /** Returns all settings that the result may depend on, by the paths of fields. */
    public Map<String, String> settings() {
        Map<String, String> all = new TreeMap<>(data.settings());
        all.put("byzantine", "0");
        all.put("rounds", "20");
        all.put("device", "cpu");
        all.put("seed", "0");
        all.putAll(TrainingPart.usual(values));
        for (Field field : FieldTable.all()) {
            if (field.changesResults() && values.has(field.path())) {
                all.put(field.path(), String.join(", ", values.list(field.path())));
            }
        }
        all.put("cohort", String.valueOf(cohort()));
        if (values.has("clientEvaluationEvery")) {
            all.put("data.localTest", String.valueOf(localTest()));
        }
        all.computeIfPresent("data.heldOut", (path, count) -> count.equals("0") ? null : count);
        return all;
    }

    /** Returns a name of these settings: the start of their SHA-256. */
    public String key() {
        byte[] bytes = settings().toString().getBytes(StandardCharsets.UTF_8);
        return new Sha256().add(ByteBuffer.wrap(bytes)).hex().substring(0, KEY_DIGITS);
    }

    /** Two specifications are equal if their runs are: if they have the same settings. */
    @Override
    public boolean equals(Object other) {
        return other instanceof ExperimentSpec spec && settings().equals(spec.settings());
    }

    @Override
    public int hashCode() {
        return settings().hashCode();
    }
}
