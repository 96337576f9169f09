package org.fl4j.simulation;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.fl4j.client.ClientFactory;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.SgdClientFactory;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.Codec;
import org.fl4j.core.Server;
import org.fl4j.core.ServerOptimizer;
import org.fl4j.core.UpdateTransform;
import org.fl4j.data.Examples;
import org.fl4j.data.FederatedDataset;
import org.fl4j.execution.ExecutionPolicy;
import org.fl4j.internal.Check;
import org.fl4j.internal.TypeNames;
import org.fl4j.message.ClientStore;
import org.fl4j.message.ServerState;
import org.fl4j.message.UpdateStore;
import org.fl4j.model.FederatedModel;
import org.fl4j.model.LearningTask;
import org.fl4j.monitoring.ResourceMonitor;
import org.fl4j.random.Seed;
import org.fl4j.server.AddDelta;
import org.fl4j.server.FedAvg;
import org.fl4j.server.UniformSelector;
import org.fl4j.server.UpdatePolicy;
import org.fl4j.tensor.Devices;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterVector;

/**
 * All that a run is made of, as a value: {@link #with} makes another one and leaves this one as it is. Parts that are
 * required and not set yet are null; {@link RunRules} finds them.
 */
final class RunConfig implements Cloneable {
    /** Clients without hooks. */
    static final SgdClientFactory PLAIN = SgdClientFactory.ofOneClass(SgdClient.class, SgdClient::new);

    /** Leaves updates as they are. */
    static final UpdateTransform NO_TRANSFORM = UpdateTransform.none();

    LearningTask task;
    FederatedDataset data;
    Examples testData;
    FederatedDataset clientEvaluationData;
    LocalTraining training;
    Optional<ClientFactory> clientFactory = Optional.empty();
    SgdClientFactory sgdClients = PLAIN;
    Optional<Path> clientStates = Optional.empty();
    ClientSelector selector = new UniformSelector();
    Aggregator aggregator = new FedAvg();
    ServerOptimizer serverOptimizer = new AddDelta(1);
    List<PlacedServer> servers = List.of(); // of two in one layer the later is around the earlier
    OptionalInt staleness = OptionalInt.empty();
    List<RoundObserver> observers = List.of();
    Function<ServerState, ParameterVector> evaluated = ServerState::model;
    List<SettingsRule.Factory> settings = List.of();
    UpdatePolicy updates = UpdatePolicy.all();
    UpdateStore updateStore = UpdateStore.inMemory();
    UpdateTransform uploadTransform = NO_TRANSFORM;
    Optional<Codec> codec = Optional.empty();
    Optional<ParameterVector> initialModel = Optional.empty();
    int cohortSize;
    OptionalInt askedBlockSize = OptionalInt.empty();
    int blockSize = 1; // once the run is finished
    BlockTraining blockTraining = BlockTraining.AUTO;
    int together = 1; // how many clients train at once; once the run is finished
    int rounds;
    int workers = Runtime.getRuntime().availableProcessors();
    Devices devices = Devices.cpu();
    Optional<CohortExecutor.Factory> executor = Optional.empty();
    Seed seed = new Seed(0);
    FailurePolicy failurePolicy = FailurePolicy.FAIL_RUN;
    int evaluateEvery = 1;
    OptionalInt evaluateClientsEvery = OptionalInt.empty();
    Optional<EvaluatingClients.Choice> evaluatingChoice = Optional.empty();
    Optional<Path> checkpoints = Optional.empty();
    int checkpointEvery = 1;
    boolean resume;
    ExecutionPolicy execution = ExecutionPolicy.once();
    boolean hashUpdates;
    Optional<Supplier<ResourceMonitor>> monitoring = Optional.empty();
    StopRule stopRule = history -> false;
    UnaryOperator<Aggregator> aroundAggregator = inner -> inner;
    Optional<Aggregator> askedAggregator = Optional.empty(); // the same, watched
    List<OwnedPart> owned = List.of(); // what algorithms have set, in that order
    boolean usualAggregator = true; // it gives way to any other
    List<Algorithm> algorithms = List.of();
    List<RunListener> listeners = List.of();
    Optional<String> frozenSha256 = Optional.empty(); // of the model's frozen parameters, once they were seen

    /**
     * Returns the configuration of a run: checked, with its aggregator inside those around it, and that of an algorithm
     * watched.
     */
    RunConfig finished() {
        UnaryOperator<Aggregator> around = aroundAggregator;
        RunConfig nested = with(run -> {
            run.aggregator = Optional.ofNullable(aggregator).map(around).orElse(null);
            run.aroundAggregator = inner -> inner;
        });
        new RunRules(nested).check();
        OwnedPart.replaced(this).ifPresent(fault -> {
            throw fault;
        });
        Rehearsal.Seen model = Rehearsal.of(nested);
        RunConfig seen =
                new BlockRule(nested).applied(model.floatCount()).with(run -> run.frozenSha256 = model.frozenSha256());
        DeviceMemory.ofMachine().warn(seen, model);
        return OwnedPart.ownerOf("aggregator", this)
                .map(algorithm -> {
                    WatchedAggregator watched = new WatchedAggregator(aggregator, algorithm);
                    return seen.with(run -> {
                        run.askedAggregator = Optional.of(around.apply(watched));
                        List<RunListener> first = new ArrayList<>(List.of(watched));
                        first.addAll(seen.listeners);
                        run.listeners = List.copyOf(first);
                    });
                })
                .orElse(seen);
    }

    /** Returns a configuration that differs in what {@code change} sets. */
    RunConfig with(Consumer<RunConfig> change) {
        RunConfig copy = copy();
        change.accept(copy);
        return copy;
    }

    private RunConfig copy() {
        try {
            return (RunConfig) clone(); // its lists are not changed once they are made
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException("this class is cloneable", e);
        }
    }

    /** Returns a list with one element more. */
    static <T> List<T> plus(List<T> list, T element) {
        List<T> longer = new ArrayList<>(list);
        longer.add(element);
        return List.copyOf(longer);
    }

    /** Returns this with the parts of an algorithm. */
    RunConfig withAlgorithm(Algorithm algorithm) {
        RunConfig after = Check.present(
                        "parts of " + TypeNames.simple(algorithm), algorithm.on(new Algorithm.Parts(this)))
                .config();
        return after.with(run -> {
            run.algorithms = plus(after.algorithms, algorithm);
            run.owned = OwnedPart.after(algorithm, this, after);
        });
    }

    /** Returns this with another aggregator, which gives way to no other. */
    RunConfig withAggregator(Aggregator value) {
        return with(run -> {
            run.aggregator = value;
            run.usualAggregator = false;
        });
    }

    /** Returns this with another aggregator, unless an algorithm has set one. */
    RunConfig withUsualAggregator(Aggregator value) {
        if (owned.stream().anyMatch(part -> part.name().equals("aggregator"))) {
            return this;
        }
        return with(run -> {
            run.aggregator = value;
            run.usualAggregator = true;
        });
    }

    /** Returns this with an aggregator around the run's. */
    RunConfig withAroundAggregator(UnaryOperator<Aggregator> outer) {
        UnaryOperator<Aggregator> inner = aroundAggregator;
        return with(run -> run.aroundAggregator = aggregate -> outer.apply(inner.apply(aggregate)));
    }

    /** Returns this with a server more. */
    RunConfig withServer(PlacedServer placed) {
        ServerLayer layer = placed.layer();
        if (layer == ServerLayer.BASE || layer == ServerLayer.TIME) {
            boolean another = servers.stream().anyMatch(server -> server.layer() == layer);
            String what =
                    layer == ServerLayer.TIME ? "simulated clocks of a run" : "servers in place of the composed one";
            Check.that(!another, what, "one", "two");
        }
        return with(run -> run.servers = plus(servers, placed));
    }

    /** Returns this with an upload transform after those that it has. */
    RunConfig withUploadTransform(UpdateTransform value) {
        Check.present("uploadTransform", value);
        return with(
                run -> run.uploadTransform = uploadTransform == NO_TRANSFORM ? value : uploadTransform.andThen(value));
    }

    Server decorated(Server composed, ClientStore states) {
        DecoratorContext run =
                new DecoratorContext(states, updates, selector, Optional.ofNullable(training), codec, data.clients());
        return new ServerStack(servers, settings).around(composed, run);
    }

    ParameterLayout layout() {
        try (FederatedModel model = new FederatedModel(task)) {
            return model.layout();
        }
    }

    Optional<EvaluatingClients> evaluatingClients() {
        return Optional.ofNullable(clientEvaluationData)
                .map(evaluation -> new EvaluatingClients(evaluation.clients(), evaluatingChoice));
    }

    ClientFactory clientFactory() {
        LocalTraining common = training;
        SgdClientFactory make = sgdClients;
        return clientFactory.orElse((id, worker) -> make.create(id, worker, common));
    }

    /** Returns whether clients have no hooks, so that a block sends what it has trained to. */
    boolean hasPlainClients() {
        return clientFactory.isEmpty()
                && sgdClients.clientClass().filter(SgdClient.class::equals).isPresent();
    }

    Optional<Path> clientStateDirectory() {
        return clientStates.or(() -> checkpoints.map(directory -> directory.resolve("clients")));
    }

    ClientStateStore clientStateStore() {
        return clientStateDirectory()
                .<ClientStateStore>map(DiskClientStates::new)
                .orElseGet(InMemoryClientStates::new);
    }
}
