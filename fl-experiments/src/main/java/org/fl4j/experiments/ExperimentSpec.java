package org.fl4j.experiments;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.ServerOptimizer;
import org.fl4j.core.UpdateTransform;
import org.fl4j.data.Dataset;
import org.fl4j.data.FederatedDataset;
import org.fl4j.data.LocalSplit;
import org.fl4j.data.Partition;
import org.fl4j.internal.Check;
import org.fl4j.internal.Sha256;
import org.fl4j.random.Seed;
import org.fl4j.registry.StrategyRegistry;
import org.fl4j.simulation.Adversary;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.Simulation;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.simulation.StopRule;
import org.fl4j.tensor.Devices;

/**
 * One run, declared.
 *
 * @param data what is learned, by whom
 * @param training how clients train
 * @param strategies how clients and server work
 * @param clock simulated time
 * @param cohort clients a round, at least 1
 * @param rounds at least 1
 * @param target test accuracy to end at
 * @param clientEvaluationEvery in which rounds clients evaluate the model on their own examples, if at all
 * @param device such as {@code cpu} or {@code gpu:0}
 * @param execution how clients are run
 * @param seed of all random choices
 */
public record ExperimentSpec(
        DataSpec data,
        TrainingSpec training,
        StrategySpec strategies,
        ClockSpec clock,
        int cohort,
        int rounds,
        Optional<Double> target,
        Optional<Integer> clientEvaluationEvery,
        String device,
        ExecutionSpec execution,
        long seed) {
    private static final double LOCAL_TEST = 0.2;
    private static final int KEY_DIGITS = 12;

    /** Checks what the parts do not. */
    public ExperimentSpec {
        Check.inRange("cohort", 1, data.trainingClients(), cohort);
        Check.positive("rounds", rounds);
        clientEvaluationEvery.ifPresent(every -> Check.positive("clientEvaluationEvery", every));
        boolean attacked =
                strategies.attack().isPresent() || strategies.poison().isPresent();
        Check.inRange("byzantine", attacked ? 1 : 0, attacked ? data.trainingClients() : 0, strategies.byzantine());
        Check.that(
                data.localTest().isEmpty() || clientEvaluationEvery.isPresent(),
                "localTest",
                "left out without clientEvaluationEvery",
                data.localTest().orElse(0.0));
        Check.that(
                data.heldOut() == 0 || clientEvaluationEvery.isPresent(),
                "heldOut",
                "0 without clientEvaluationEvery",
                data.heldOut());
        target.ifPresent(goal -> Check.share("target", goal));
    }

    /** Returns who holds what. */
    public Partition partition(Dataset dataset) {
        return data.partitioner()
                .partition(dataset.train().classIndices(), data.clients(), new Seed(seed).derive("partition"));
    }

    /** Returns the share of each client's examples that are for evaluation: by default a fifth, if clients evaluate. */
    private double localTest() {
        return clientEvaluationEvery.isPresent() ? data.localTest().orElse(LOCAL_TEST) : 0;
    }

    /** Returns the names of the accuracies that clients measure: those that train, and those that are held out. */
    public List<String> clientAccuracies() {
        if (clientEvaluationEvery.isEmpty()) {
            return List.of();
        }
        String accuracy = localTest() > 0 ? "/test/accuracy" : "/train/accuracy";
        return data.heldOut() > 0 ? List.of("client" + accuracy, "held-out" + accuracy) : List.of("client" + accuracy);
    }

    /** Returns a builder of the run on the data. */
    public SimulationBuilder builder(Dataset dataset) {
        StrategyRegistry names = StrategyRegistry.load();
        FederatedDataset whole = dataset.federated(partition(dataset));
        Optional<LocalSplit> split =
                Optional.of(localTest()).filter(share -> share > 0).map(share -> whole.split(share, new Seed(seed)));
        FederatedDataset train = split.map(LocalSplit::train).orElse(whole);
        FederatedDataset test = split.map(LocalSplit::test).orElse(whole);
        Devices devices = Devices.parse(device);
        SimulationBuilder builder = Simulation.builder()
                .task(data.task())
                .data(strategies
                        .poison()
                        .<FederatedDataset>map(
                                name -> names.parse(Adversary.class, name).poisoned(train, strategies.byzantine()))
                        .orElse(train)
                        .holdOut(data.heldOut()))
                .testData(dataset.test())
                .training(training.training())
                .selector(names.parse(ClientSelector.class, "uniform"))
                .aggregator(names.parse(Aggregator.class, "fedavg"))
                .cohortSize(cohort)
                .rounds(rounds)
                .devices(devices)
                .seed(seed);
        strategies.algorithm().ifPresent(name -> builder.algorithm(names.parse(Algorithm.class, name)));
        strategies.privacy().ifPresent(name -> builder.algorithm(names.parse(Algorithm.class, name)));
        clock.configure(builder, cohort, names);
        strategies.selector().ifPresent(name -> builder.selector(names.parse(ClientSelector.class, name)));
        strategies.aggregator().ifPresent(name -> builder.aggregator(names.parse(Aggregator.class, name)));
        strategies
                .attack()
                .ifPresent(name -> builder.aroundAggregator(
                        defence -> names.parse(Adversary.class, name).attacked(defence, strategies.byzantine())));
        strategies
                .serverOptimizer()
                .ifPresent(name -> builder.serverOptimizer(names.parse(ServerOptimizer.class, name)));
        strategies
                .uploadTransform()
                .ifPresent(name -> builder.uploadTransform(names.parse(UpdateTransform.class, name)));
        target.ifPresent(goal -> builder.stopRule(StopRule.targetReached("test/accuracy", goal)));
        clientEvaluationEvery.ifPresent(every -> builder.clientEvaluation(test, every)); // which is never poisoned
        execution.configure(builder, train.clients(), devices); // held-out clients too, for they evaluate
        return builder;
    }

    /** Returns all settings that the result may depend on, by the names of a file's fields. */
    public Map<String, String> settings() {
        Map<String, String> all = new TreeMap<>();
        all.put("data.set", data.set());
        all.put("data.source", data.source());
        all.put("data.partition", data.partition());
        all.put("data.clients", String.valueOf(data.clients()));
        clientEvaluationEvery.ifPresent(every -> all.put("data.localTest", String.valueOf(localTest())));
        put(all, "data.heldOut", Optional.of(data.heldOut()).filter(count -> count > 0));
        all.put("model", data.model());
        all.put("training.learningRate", String.valueOf(training.learningRate()));
        put(
                all,
                "training.epochs",
                training.epochs().or(() -> training.steps().isPresent() ? Optional.empty() : Optional.of(1)));
        all.put("training.batchSize", String.valueOf(training.batchSize()));
        put(all, "training.steps", training.steps());
        put(all, "training.optimizer", training.optimizer());
        put(all, "training.momentum", training.momentum());
        put(all, "training.weightDecay", training.weightDecay());
        put(all, "training.gradientClip", training.gradientClip());
        put(all, "training.proximalTerm", training.proximalTerm());
        put(all, "algorithm", strategies.algorithm());
        put(all, "aggregator", strategies.aggregator());
        put(all, "serverOptimizer", strategies.serverOptimizer());
        put(all, "selector", strategies.selector());
        put(all, "uploadTransform", strategies.uploadTransform());
        put(all, "privacy", strategies.privacy());
        put(all, "attack", strategies.attack());
        put(all, "poison", strategies.poison());
        all.put("byzantine", String.valueOf(strategies.byzantine()));
        put(all, "world.name", clock.world());
        put(all, "world.deviceTrace", clock.deviceTrace());
        put(all, "world.availabilityTrace", clock.availabilityTrace());
        put(all, "world.overCommit", clock.overCommit());
        put(all, "world.concurrency", clock.concurrency());
        put(all, "world.timeout", clock.timeout());
        put(all, "world.buffer", clock.buffer());
        put(all, "world.window", clock.window());
        put(all, "world.maxStaleness", clock.maxStaleness());
        all.put("cohort", String.valueOf(cohort));
        all.put("rounds", String.valueOf(rounds));
        put(all, "target", target);
        put(all, "clientEvaluationEvery", clientEvaluationEvery);
        put(all, "execution.onFailure", execution.onFailure());
        put(all, "execution.attempts", execution.attempts());
        put(all, "execution.timeout", execution.timeout());
        put(all, "execution.adapt", execution.adapt());
        all.put("device", device);
        all.put("seed", String.valueOf(seed));
        return all;
    }

    private static void put(Map<String, String> all, String name, Optional<?> value) {
        value.ifPresent(present -> all.put(name, String.valueOf(present)));
    }

    /** Returns a name of these settings: the start of their SHA-256. */
    public String key() {
        byte[] bytes = settings().toString().getBytes(StandardCharsets.UTF_8);
        return new Sha256().add(ByteBuffer.wrap(bytes)).hex().substring(0, KEY_DIGITS);
    }
}
