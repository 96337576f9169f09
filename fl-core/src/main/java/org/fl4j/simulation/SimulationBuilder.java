package org.fl4j.simulation;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.fl4j.client.ClientFactory;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.client.SgdClientFactory;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.Codec;
import org.fl4j.core.ServerOptimizer;
import org.fl4j.core.UpdateTransform;
import org.fl4j.data.Examples;
import org.fl4j.data.FederatedDataset;
import org.fl4j.execution.ExecutionPolicy;
import org.fl4j.internal.Check;
import org.fl4j.message.ServerState;
import org.fl4j.message.UpdateStore;
import org.fl4j.model.LearningTask;
import org.fl4j.monitoring.ResourceMonitor;
import org.fl4j.monitoring.ResourceProbe;
import org.fl4j.random.Seed;
import org.fl4j.server.UpdatePolicy;
import org.fl4j.tensor.Devices;
import org.fl4j.tensor.ParameterVector;

/**
 * Collects what an experiment is made of, one part a call; {@link #build} checks it. What is collected is a value: a
 * simulation that was built does not change when its builder goes on to the next experiment.
 */
public final class SimulationBuilder {
    private RunConfig config = new RunConfig();

    SimulationBuilder() {}

    private SimulationBuilder set(Consumer<RunConfig> change) {
        config = config.with(change);
        return this;
    }

    /** Returns what is collected so far. */
    RunConfig config() {
        return config;
    }

    /** Sets what is learned; required. */
    public SimulationBuilder task(LearningTask value) {
        return set(run -> run.task = value);
    }

    /** Sets what clients train on, and so who they are; required. */
    public SimulationBuilder data(FederatedDataset value) {
        return set(run -> run.data = value);
    }

    /** Sets what the server evaluates on; without it there is no central evaluation. */
    public SimulationBuilder testData(Examples value) {
        return set(run -> run.testData = value);
    }

    /** Sets how clients train; required unless there is a {@link #clients client factory}. */
    public SimulationBuilder training(LocalTraining value) {
        return set(run -> run.training = value);
    }

    /** Sets how clients are made, to use your own; by default each is an {@link SgdClient}. */
    public SimulationBuilder clients(ClientFactory value) {
        return set(run -> run.clientFactory = Optional.of(value));
    }

    /** Sets how clients are made that train as {@link #training} says; by default each is an {@link SgdClient}. */
    public SimulationBuilder sgdClients(SgdClientFactory value) {
        return set(run -> run.sgdClients = value);
    }

    /**
     * Takes the parts of an algorithm: its clients, aggregator, server. What was set before gives way to them. What is
     * set after, here or by another algorithm, must leave them as they are, for half an algorithm is none:
     * {@link #build} refuses it. Only a {@link #usualAggregator usual aggregator} gives way.
     */
    public SimulationBuilder algorithm(Algorithm value) {
        config = config.withAlgorithm(Check.present("algorithm", value));
        return this;
    }

    /**
     * Keeps what clients remember between rounds in files below a directory, and of each client in memory only while it
     * trains. By default it is in memory, or with the checkpoints if there are any.
     */
    public SimulationBuilder clientStates(Path directory) {
        return set(run -> run.clientStates = Optional.of(directory));
    }

    /** Sets who takes part in a round; by default {@link org.fl4j.server.UniformSelector}. */
    public SimulationBuilder selector(ClientSelector value) {
        return set(run -> run.selector = value);
    }

    /** Sets how updates are combined; by default {@link org.fl4j.server.FedAvg}. */
    public SimulationBuilder aggregator(Aggregator value) {
        config = config.withAggregator(value);
        return this;
    }

    /**
     * Sets how updates are combined unless something else is asked for: what an algorithm calls whose clients go with
     * any aggregator. It gives way to what is set after it, and to an aggregator that is a part of another algorithm.
     */
    public SimulationBuilder usualAggregator(Aggregator value) {
        config = config.withUsualAggregator(value);
        return this;
    }

    /**
     * Puts an aggregator around the run's, to nest it, watch it, or attack it, whether that is set before or after. Of
     * several the later is put around the earlier.
     */
    public SimulationBuilder aroundAggregator(UnaryOperator<Aggregator> outer) {
        config = config.withAroundAggregator(outer);
        return this;
    }

    /** Sets how the aggregate is applied; by default it is added as it is. */
    public SimulationBuilder serverOptimizer(ServerOptimizer value) {
        return set(run -> run.serverOptimizer = value);
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
        config = config.withServer(new PlacedServer(layer, value));
        return this;
    }

    /** Adds a rule for the settings of tasks; of several the later may overrule the earlier. */
    public SimulationBuilder settings(SettingsRule.Factory value) {
        Check.present("settings", value);
        return set(run -> run.settings = RunConfig.plus(run.settings, value));
    }

    /**
     * Lets clients train on older models, so that rounds end with arrivals and not with a cohort; for servers that say
     * which model a client starts from.
     *
     * @param maxStaleness how many versions the model may be behind, at least 0
     */
    public SimulationBuilder asynchronous(int maxStaleness) {
        return set(run -> run.staleness = OptionalInt.of(Check.atLeast("maxStaleness", 0, maxStaleness)));
    }

    /** Adds somebody who looks at the world outside before each round is planned. */
    public SimulationBuilder observer(RoundObserver value) {
        Check.present("observer", value);
        return set(run -> run.observers = RunConfig.plus(run.observers, value));
    }

    /** Sets which updates a round takes, and how many: by default every sound one. */
    public SimulationBuilder updates(UpdatePolicy value) {
        return set(run -> run.updates = value);
    }

    /**
     * Sets where updates wait for the end of the round under an aggregator that needs all at once: by default in
     * memory.
     */
    public SimulationBuilder updateStore(UpdateStore value) {
        return set(run -> run.updateStore = value);
    }

    /**
     * Adds something that clients do to their update before they send it, after all that was added before; by default
     * they do nothing. Algorithms add theirs: local differential privacy accepts no transform after its noise.
     */
    public SimulationBuilder uploadTransform(UpdateTransform value) {
        config = config.withUploadTransform(value);
        return this;
    }

    /** Sets how deltas are encoded on their way to the server, after all transforms; by default they are not. */
    public SimulationBuilder codec(Codec value) {
        return set(run -> run.codec = Optional.of(value));
    }

    /** Sets the model to start from; by default it is drawn from the seed. */
    public SimulationBuilder initialModel(ParameterVector value) {
        return set(run -> run.initialModel = Optional.of(value));
    }

    /** Sets how many clients take part in a round; required. */
    public SimulationBuilder cohortSize(int value) {
        return set(run -> run.cohortSize = value);
    }

    /**
     * Sets how many clients' updates are summed up before the sums are; by default 1, and updates are added one
     * after another, or what {@link BlockTraining} says. The bits of the model follow from it, and not from where the
     * sums are made: a {@link CohortExecutor} elsewhere may send one sum for each block of clients.
     */
    public SimulationBuilder blockSize(int value) {
        return set(run -> run.askedBlockSize = OptionalInt.of(value));
    }

    /** Sets whether the clients of a block train all at once; by default where that is faster. */
    public SimulationBuilder blockTraining(BlockTraining value) {
        return set(run -> run.blockTraining = Check.present("blockTraining", value));
    }

    /** Sets the number of rounds; required. */
    public SimulationBuilder rounds(int value) {
        return set(run -> run.rounds = value);
    }

    /** Sets how many clients train at once; by default one a processor. The result does not depend on it. */
    public SimulationBuilder workers(int value) {
        return set(run -> run.workers = value);
    }

    /** Sets where to compute; by default the CPU. */
    public SimulationBuilder devices(Devices value) {
        return set(run -> run.devices = value);
    }

    /** Sets the seed of all random choices; by default 0. */
    public SimulationBuilder seed(long value) {
        return set(run -> run.seed = new Seed(value));
    }

    /**
     * Runs clients elsewhere than on the workers of this process, see {@link CohortExecutor}. How many run at once,
     * where, how often one is tried again and how long it may take is then the executor's to decide: {@link #workers},
     * {@link #execution} and all devices but the first, which is the server's, have no effect.
     */
    public SimulationBuilder executor(CohortExecutor.Factory value) {
        return set(run -> run.executor = Optional.of(value));
    }

    /** Sets what a client that throws does to the run; by default it fails the run. */
    public SimulationBuilder failurePolicy(FailurePolicy value) {
        return set(run -> run.failurePolicy = value);
    }

    /** Sets how clients are run: priorities, retries, time-outs; by default each once, in their order. */
    public SimulationBuilder execution(ExecutionPolicy value) {
        return set(run -> run.execution = value);
    }

    /**
     * Looks at what the machine has left while it runs: means and maxima become metrics of rounds and of task records.
     * Half a second is a good pace.
     */
    public SimulationBuilder monitor(ResourceProbe probe, Duration every) {
        return set(run -> run.monitoring = Optional.of(() -> new ResourceMonitor(probe, every)));
    }

    /**
     * Sets whether task records carry the hash of each update, to compare with {@link Simulation#replay}; by default
     * not, for it takes some half a millisecond a megabyte.
     */
    public SimulationBuilder hashUpdates(boolean value) {
        return set(run -> run.hashUpdates = value);
    }

    /**
     * Sets which model of a state is evaluated, centrally and on the clients; by default the global one. An algorithm
     * whose last model is not its best, such as one that averages over rounds, says so here.
     */
    public SimulationBuilder evaluated(Function<ServerState, ParameterVector> value) {
        return set(run -> run.evaluated = Check.present("evaluated", value));
    }

    /** Sets in which rounds the server evaluates; by default in every one. The last is always evaluated. */
    public SimulationBuilder evaluateEvery(int value) {
        return set(run -> run.evaluateEvery = value);
    }

    /**
     * Has every client evaluate the new model on its part of this data, every so many rounds and in the last. The
     * data may have more clients than train; the others are held out: they evaluate and never train. Metrics say by
     * their names what was measured: {@code client/test/accuracy}, {@code client/train/accuracy} if the data are what
     * clients train on, {@code held-out/test/accuracy}. {@link FederatedDataset#split} gives every client test
     * examples of its own.
     */
    public SimulationBuilder clientEvaluation(FederatedDataset value, int everyRounds) {
        return set(run -> {
            run.clientEvaluationData = value;
            run.evaluateClientsEvery = OptionalInt.of(everyRounds);
        });
    }

    /**
     * Sets which clients evaluate when {@link #clientEvaluation} is due; by default all of them. The selector has
     * draws of its own, and is never told of rounds: one that learns from them chooses as in its first.
     *
     * @param count how many, at least 1; all if there are fewer
     */
    public SimulationBuilder evaluationSelector(ClientSelector value, int count) {
        EvaluatingClients.Choice choice = new EvaluatingClients.Choice(value, count);
        return set(run -> run.evaluatingChoice = Optional.of(choice));
    }

    /**
     * Writes a checkpoint every so many rounds, and after the last finished one, however the run ends; the two latest
     * are kept. The directory must not hold those of another run, and is this run's alone while it goes on.
     */
    public SimulationBuilder checkpoints(Path directory, int everyRounds) {
        return set(run -> {
            run.checkpoints = Optional.of(directory);
            run.checkpointEvery = everyRounds;
        });
    }

    /**
     * Sets whether to resume from the latest checkpoint of the directory, if there is one; by default not. The run must
     * be made of the same parts as the one that was broken off: only the number of rounds, workers, listeners, and
     * where things run and are kept may differ.
     */
    public SimulationBuilder resume(boolean value) {
        return set(run -> run.resume = value);
    }

    /** Adds a rule by which to end before the last round; of several the first that applies does. */
    public SimulationBuilder stopRule(StopRule value) {
        return set(run -> run.stopRule = run.stopRule.or(Check.present("stopRule", value)));
    }

    /** Adds a listener; listeners are called in the order in which they were added. */
    public SimulationBuilder listener(RunListener value) {
        Check.present("listener", value);
        return set(run -> run.listeners = RunConfig.plus(run.listeners, value));
    }

    /**
     * Checks the configuration and returns the simulation. Runs a batch of zeros through the model, its loss and its
     * metrics, and loads the data of one client, to see that they fit one another.
     *
     * @throws NullPointerException if required parts are missing; the message names them all
     * @throws IllegalArgumentException if a value is out of range; the message names it
     */
    public Simulation build() {
        return new Simulation(config.finished());
    }
}
