package org.fl4j.simulation;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.fl4j.InvalidSettingException;
import org.fl4j.client.ClientFactory;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.SgdClientFactory;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.ClientStore;
import org.fl4j.core.Codec;
import org.fl4j.core.Server;
import org.fl4j.core.ServerOptimizer;
import org.fl4j.core.ServerState;
import org.fl4j.core.UpdateStore;
import org.fl4j.core.UpdateTransform;
import org.fl4j.data.Examples;
import org.fl4j.data.FederatedDataset;
import org.fl4j.execution.ExecutionPolicy;
import org.fl4j.internal.Check;
import org.fl4j.model.FederatedModel;
import org.fl4j.model.LearningTask;
import org.fl4j.monitoring.ResourceMonitor;
import org.fl4j.monitoring.ResourceProbe;
import org.fl4j.random.Seed;
import org.fl4j.server.AddDelta;
import org.fl4j.server.UpdatePolicy;
import org.fl4j.tensor.Devices;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterVector;

/** Collects what an experiment is made of; {@link #build} checks it. */
public final class SimulationBuilder implements Cloneable {
    private static final int MOST_WORKERS = 1024; // each has a model and a thread
    private static final UpdateTransform NO_TRANSFORM = UpdateTransform.none();

    LearningTask task;
    FederatedDataset data;
    Examples testData;
    FederatedDataset clientEvaluationData;
    LocalTraining training;
    Optional<ClientFactory> clientFactory = Optional.empty();
    SgdClientFactory sgdClients = SgdClient::new;
    Optional<Path> clientStates = Optional.empty();
    ClientSelector selector;
    Aggregator aggregator;
    ServerOptimizer serverOptimizer = new AddDelta(1);
    List<PlacedServer> servers = new ArrayList<>(); // of two in one layer the later is around the earlier
    OptionalInt staleness = OptionalInt.empty();
    List<RoundObserver> observers = new ArrayList<>();
    Function<ServerState, ParameterVector> evaluated = ServerState::model;
    List<SettingsRule.Factory> settings = new ArrayList<>();
    UpdatePolicy updates = UpdatePolicy.all();
    UpdateStore updateStore = UpdateStore.inMemory();
    UpdateTransform uploadTransform = NO_TRANSFORM;
    Optional<Codec> codec = Optional.empty();
    Optional<ParameterVector> initialModel = Optional.empty();
    int cohortSize;
    int blockSize = 1;
    int rounds;
    int workers = Runtime.getRuntime().availableProcessors();
    Devices devices = Devices.cpu();
    Optional<CohortExecutor.Factory> executor = Optional.empty();
    Seed seed = new Seed(0);
    FailurePolicy failurePolicy = FailurePolicy.FAIL_RUN;
    int evaluateEvery = 1;
    OptionalInt evaluateClientsEvery = OptionalInt.empty();
    Optional<Path> checkpoints = Optional.empty();
    int checkpointEvery = 1;
    boolean resume;
    ExecutionPolicy execution = ExecutionPolicy.once();
    boolean hashUpdates;
    Optional<Supplier<ResourceMonitor>> monitoring = Optional.empty();
    StopRule stopRule = history -> false;
    UnaryOperator<Aggregator> aroundAggregator = inner -> inner;
    Optional<Aggregator> askedAggregator = Optional.empty(); // the same, watched
    AlgorithmParts algorithmParts = new AlgorithmParts();
    List<Algorithm> algorithms = new ArrayList<>();
    List<RunListener> listeners = new ArrayList<>();
    Optional<String> frozenSha256 = Optional.empty(); // of the model's frozen parameters, once they were seen

    SimulationBuilder() {}

    /** Sets what is learned; required. */
    public SimulationBuilder task(LearningTask value) {
        task = value;
        return this;
    }

    /** Sets what clients train on, and so who they are; required. */
    public SimulationBuilder data(FederatedDataset value) {
        data = value;
        return this;
    }

    /** Sets what the server evaluates on; without it there is no central evaluation. */
    public SimulationBuilder testData(Examples value) {
        testData = value;
        return this;
    }

    /** Sets how clients train; required unless there is a {@link #clients client factory}. */
    public SimulationBuilder training(LocalTraining value) {
        training = algorithmParts.set("training", value);
        return this;
    }

    /** Sets how clients are made, to use your own; by default each is an {@link SgdClient}. */
    public SimulationBuilder clients(ClientFactory value) {
        clientFactory = Optional.of(algorithmParts.set("clients", value));
        return this;
    }

    /** Sets how clients are made that train as {@link #training} says; by default each is an {@link SgdClient}. */
    public SimulationBuilder sgdClients(SgdClientFactory value) {
        sgdClients = algorithmParts.set("sgdClients", value);
        return this;
    }

    /**
     * Takes the parts of an algorithm: its clients, aggregator, server. What was set before gives way to them. What is
     * set after, here or by another algorithm, must leave them as they are, for half an algorithm is none:
     * {@link #build} refuses it. Only a {@link #usualAggregator usual aggregator} gives way.
     */
    public SimulationBuilder algorithm(Algorithm value) {
        Check.present("algorithm", value);
        algorithmParts.of(value, () -> value.configure(this));
        algorithms.add(value);
        return this;
    }

    /**
     * Keeps what clients remember between rounds in files below a directory, and of each client in memory only while it
     * trains. By default it is in memory, or with the checkpoints if there are any.
     */
    public SimulationBuilder clientStates(Path directory) {
        clientStates = Optional.of(directory);
        return this;
    }

    /** Sets who takes part in a round; required. */
    public SimulationBuilder selector(ClientSelector value) {
        selector = algorithmParts.set("selector", value);
        return this;
    }

    /** Sets how updates are combined; required. */
    public SimulationBuilder aggregator(Aggregator value) {
        aggregator = algorithmParts.set("aggregator", value);
        return this;
    }

    /**
     * Sets how updates are combined unless something else is asked for: what an algorithm calls whose clients go with
     * any aggregator. It gives way to what is set after it, and to an aggregator that is a part of another algorithm.
     */
    public SimulationBuilder usualAggregator(Aggregator value) {
        if (!algorithmParts.has("aggregator")) {
            aggregator = value;
        }
        return this;
    }

    /**
     * Puts an aggregator around the run's, to nest it, watch it, or attack it, whether that is set before or after. Of
     * several the later is put around the earlier.
     */
    public SimulationBuilder aroundAggregator(UnaryOperator<Aggregator> outer) {
        UnaryOperator<Aggregator> inner = aroundAggregator;
        aroundAggregator = aggregate -> outer.apply(inner.apply(aggregate));
        return this;
    }

    /** Sets how the aggregate is applied; by default it is added as it is. */
    public SimulationBuilder serverOptimizer(ServerOptimizer value) {
        serverOptimizer = algorithmParts.set("serverOptimizer", value);
        return this;
    }

    /**
     * Puts a server of your own around the composed one: to send each client a model of its own, say. Of several the
     * later is put around the earlier. Clocks and gates are around it, whenever they are set. The run closes the
     * composed server.
     */
    public SimulationBuilder server(ServerDecorator value) {
        return server(ServerLayer.AROUND, value);
    }

    /** Puts a server into a layer of the run's servers. */
    public SimulationBuilder server(ServerLayer layer, ServerDecorator value) {
        PlacedServer placed = new PlacedServer(layer, value);
        if (layer == ServerLayer.BASE || layer == ServerLayer.TIME) {
            boolean another = servers.stream().anyMatch(server -> server.layer() == layer);
            String what =
                    layer == ServerLayer.TIME ? "simulated clocks of a run" : "servers in place of the composed one";
            Check.that(!another, what, "one", "two");
        }
        servers.add(placed);
        return this;
    }

    Server decorated(Server composed, ClientStore states) {
        RunParts run = new RunParts(states, updates, selector, Optional.ofNullable(training), codec, data.clients());
        return new ServerStack(servers, settings).around(composed, run);
    }

    /** Adds a rule for the settings of tasks; of several the later may overrule the earlier. */
    public SimulationBuilder settings(SettingsRule.Factory value) {
        settings.add(Check.present("settings", value));
        return this;
    }

    /**
     * Lets clients train on older models, so that rounds end with arrivals and not with a cohort; for servers that say
     * which model a client starts from.
     *
     * @param maxStaleness how many versions the model may be behind, at least 0
     */
    public SimulationBuilder asynchronous(int maxStaleness) {
        staleness = OptionalInt.of(Check.atLeast("maxStaleness", 0, maxStaleness));
        return this;
    }

    /** Adds somebody who looks at the world outside before each round is planned. */
    public SimulationBuilder observer(RoundObserver value) {
        observers.add(Check.present("observer", value));
        return this;
    }

    /** Sets which updates a round takes, and how many: by default every sound one. */
    public SimulationBuilder updates(UpdatePolicy value) {
        updates = value;
        return this;
    }

    /**
     * Sets where updates wait for the end of the round under an aggregator that needs all at once: by default in
     * memory.
     */
    public SimulationBuilder updateStore(UpdateStore value) {
        updateStore = value;
        return this;
    }

    /**
     * Adds something that clients do to their update before they send it, after all that was added before; by default
     * they do nothing. Algorithms add theirs: local differential privacy accepts no transform after its noise.
     */
    public SimulationBuilder uploadTransform(UpdateTransform value) {
        Check.present("uploadTransform", value);
        uploadTransform = uploadTransform == NO_TRANSFORM ? value : uploadTransform.andThen(value);
        return this;
    }

    /** Sets how deltas are encoded on their way to the server, after all transforms; by default they are not. */
    public SimulationBuilder codec(Codec value) {
        codec = Optional.of(algorithmParts.set("codec", value));
        return this;
    }

    /** Sets the model to start from; by default it is drawn from the seed. */
    public SimulationBuilder initialModel(ParameterVector value) {
        initialModel = Optional.of(value);
        return this;
    }

    /** Sets how many clients take part in a round; required. */
    public SimulationBuilder cohortSize(int value) {
        cohortSize = value;
        return this;
    }

    /**
     * Sets how many clients' updates are summed up before the sums are; by default 1: updates are added one after
     * another. The bits of the model follow from it, and not from where the sums are made: a {@link CohortExecutor}
     * elsewhere may send one sum for each block of clients.
     */
    public SimulationBuilder blockSize(int value) {
        blockSize = value;
        return this;
    }

    /** Sets the number of rounds; required. */
    public SimulationBuilder rounds(int value) {
        rounds = value;
        return this;
    }

    /** Sets how many clients train at once; by default one a processor. The result does not depend on it. */
    public SimulationBuilder workers(int value) {
        workers = value;
        return this;
    }

    /** Sets where to compute; by default the CPU. */
    public SimulationBuilder devices(Devices value) {
        devices = value;
        return this;
    }

    /** Sets the seed of all random choices; by default 0. */
    public SimulationBuilder seed(long value) {
        seed = new Seed(value);
        return this;
    }

    /**
     * Runs clients elsewhere than on the workers of this process, see {@link CohortExecutor}. How many run at once,
     * where, how often one is tried again and how long it may take is then the executor's to decide: {@link #workers},
     * {@link #execution} and all devices but the first, which is the server's, have no effect.
     */
    public SimulationBuilder executor(CohortExecutor.Factory value) {
        executor = Optional.of(value);
        return this;
    }

    /** Sets what a client that throws does to the run; by default it fails the run. */
    public SimulationBuilder failurePolicy(FailurePolicy value) {
        failurePolicy = value;
        return this;
    }

    /** Sets how clients are run: priorities, retries, time-outs; by default each once, in their order. */
    public SimulationBuilder execution(ExecutionPolicy value) {
        execution = value;
        return this;
    }

    /**
     * Looks at what the machine has left while it runs: means and maxima become metrics of rounds and of task records.
     * Half a second is a good pace.
     */
    public SimulationBuilder monitor(ResourceProbe probe, Duration every) {
        monitoring = Optional.of(() -> new ResourceMonitor(probe, every));
        return this;
    }

    /**
     * Sets whether task records carry the hash of each update, to compare with {@link Simulation#replay}; by default
     * not, for it takes some half a millisecond a megabyte.
     */
    public SimulationBuilder hashUpdates(boolean value) {
        hashUpdates = value;
        return this;
    }

    /**
     * Sets which model of a state is evaluated, centrally and on the clients; by default the global one. An algorithm
     * whose last model is not its best, such as one that averages over rounds, says so here.
     */
    public SimulationBuilder evaluated(Function<ServerState, ParameterVector> value) {
        evaluated = Check.present("evaluated", value);
        return this;
    }

    /** Sets in which rounds the server evaluates; by default in every one. The last is always evaluated. */
    public SimulationBuilder evaluateEvery(int value) {
        evaluateEvery = value;
        return this;
    }

    /**
     * Has every client evaluate the new model on its part of this data, every so many rounds and in the last. The
     * data may have more clients than train; the others are held out: they evaluate and never train. Metrics say by
     * their names what was measured: {@code client/test/accuracy}, {@code client/train/accuracy} if the data are what
     * clients train on, {@code held-out/test/accuracy}. {@link FederatedDataset#split} gives every client test
     * examples of its own.
     */
    public SimulationBuilder clientEvaluation(FederatedDataset value, int everyRounds) {
        clientEvaluationData = value;
        evaluateClientsEvery = OptionalInt.of(everyRounds);
        return this;
    }

    /**
     * Writes a checkpoint every so many rounds, and after the last finished one, however the run ends; the two latest
     * are kept. The directory must not hold those of another run, and is this run's alone while it goes on.
     */
    public SimulationBuilder checkpoints(Path directory, int everyRounds) {
        checkpoints = Optional.of(directory);
        checkpointEvery = everyRounds;
        return this;
    }

    /**
     * Sets whether to resume from the latest checkpoint of the directory, if there is one; by default not. The run must
     * be made of the same parts as the one that was broken off: only the number of rounds, workers, listeners, and
     * where things run and are kept may differ.
     */
    public SimulationBuilder resume(boolean value) {
        resume = value;
        return this;
    }

    /** Adds a rule by which to end before the last round; of several the first that applies does. */
    public SimulationBuilder stopRule(StopRule value) {
        stopRule = stopRule.or(Check.present("stopRule", value));
        return this;
    }

    /** Adds a listener; listeners are called in the order in which they were added. */
    public SimulationBuilder listener(RunListener value) {
        listeners.add(value);
        return this;
    }

    /**
     * Checks the configuration and returns the simulation. Runs a batch of zeros through the model, its loss and its
     * metrics, and loads the data of one client, to see that they fit one another.
     *
     * @throws NullPointerException if required parts are missing; the message names them all
     * @throws IllegalArgumentException if a value is out of range; the message names it
     */
    public Simulation build() {
        SimulationBuilder run = clone(); // this one may go on to the next experiment
        run.aggregator = Optional.ofNullable(aggregator).map(aroundAggregator).orElse(null);
        run.aroundAggregator = inner -> inner;
        run.check(algorithmParts.replaced(this));
        algorithmParts.ownerOf("aggregator").ifPresent(algorithm -> {
            WatchedAggregator watched = new WatchedAggregator(aggregator, algorithm);
            run.askedAggregator = Optional.of(aroundAggregator.apply(watched));
            run.listeners.add(0, watched);
        });
        return new Simulation(run);
    }

    private void check(Optional<InvalidSettingException> replaced) {
        requireParts();
        listeners.forEach(listener -> Check.present("listener", listener));
        Check.inRange("cohortSize", 1, data.clients().size(), cohortSize);
        Check.that(
                cohortSize >= aggregator.minimumUpdates() || staleness.isPresent(),
                "cohortSize",
                "at least what the aggregator needs, " + aggregator.minimumUpdates(),
                cohortSize);
        Check.positive("rounds", rounds);
        Check.positive("blockSize", blockSize);
        if (clientEvaluationData != null) {
            int evaluating = clientEvaluationData.clients().size();
            Check.that(
                    evaluating >= data.clients().size(),
                    "clients of clientEvaluation",
                    "at least as many as train, " + data.clients().size(),
                    evaluating);
        }
        Check.positive("workers", workers);
        Check.that(workers <= MOST_WORKERS, "workers", "at most " + MOST_WORKERS, workers);
        Check.positive("evaluateEvery", evaluateEvery);
        evaluateClientsEvery.ifPresent(every -> Check.positive("clientEvaluation everyRounds", every));
        Check.positive("checkpoint everyRounds", checkpointEvery);
        Check.that(!resume || checkpoints.isPresent(), "resume", "false without a checkpoint directory", resume);
        Algorithm.Parts parts = new Algorithm.Parts(
                selector,
                aggregator,
                serverOptimizer,
                uploadTransform,
                codec,
                updates,
                data,
                cohortSize,
                sgdClients,
                clientFactory,
                Optional.ofNullable(training),
                servers,
                settings,
                staleness,
                this::layout);
        algorithms.forEach(algorithm -> algorithm.verify(parts));
        Stream.concat(
                        Stream.of(selector, aggregator, serverOptimizer, uploadTransform, sgdClients),
                        Stream.of(
                                        clientFactory.stream(),
                                        codec.stream(),
                                        servers.stream().map(PlacedServer::decorator))
                                .flatMap(part -> part))
                .filter(RunCheck.class::isInstance)
                .forEach(part -> ((RunCheck) part).verify(parts));
        replaced.ifPresent(fault -> {
            throw fault;
        });
        Rehearsal.of(this);
    }

    /** Names all parts that are missing, and not one after another. */
    private void requireParts() {
        Map<String, Object> parts = new LinkedHashMap<>();
        parts.put("task", task);
        parts.put("data", data);
        parts.put("selector", selector);
        parts.put("aggregator", aggregator);
        if (clientFactory.isEmpty()) {
            parts.put("training", training);
        }
        parts.put("serverOptimizer", serverOptimizer);
        parts.put("uploadTransform", uploadTransform);
        parts.put("devices", devices);
        parts.put("updates", updates);
        parts.put("updateStore", updateStore);
        parts.put("sgdClients", sgdClients);
        parts.put("failurePolicy", failurePolicy);
        parts.put("execution", execution);
        String missing = parts.entrySet().stream()
                .filter(part -> part.getValue() == null)
                .map(Map.Entry::getKey)
                .collect(Collectors.joining(", "));
        if (!missing.isEmpty()) {
            throw new NullPointerException(missing + " must not be null");
        }
    }

    private ParameterLayout layout() {
        try (FederatedModel model = new FederatedModel(task)) {
            return model.layout();
        }
    }

    Optional<ClientDirectory> evaluatingClients() {
        return Optional.ofNullable(clientEvaluationData).map(FederatedDataset::clients);
    }

    ClientFactory clientFactory() {
        LocalTraining common = training;
        SgdClientFactory make = sgdClients;
        return clientFactory.orElse((id, worker) -> make.create(id, worker, common));
    }

    Optional<Path> clientStateDirectory() {
        return clientStates.or(() -> checkpoints.map(directory -> directory.resolve("clients")));
    }

    ClientStateStore clientStateStore() {
        return clientStateDirectory()
                .<ClientStateStore>map(DiskClientStates::new)
                .orElseGet(InMemoryClientStates::new);
    }

    @Override
    protected SimulationBuilder clone() {
        try {
            SimulationBuilder copy = (SimulationBuilder) super.clone();
            copy.listeners = new ArrayList<>(listeners);
            copy.servers = new ArrayList<>(servers);
            copy.observers = new ArrayList<>(observers);
            copy.settings = new ArrayList<>(settings);
            copy.algorithms = new ArrayList<>(algorithms);
            copy.algorithmParts = algorithmParts.copy();
            return copy;
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException("this class is cloneable", e);
        }
    }
}
