package org.fl4j.simulation;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.fl4j.client.ClientFactory;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClientFactory;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.Codec;
import org.fl4j.core.ServerOptimizer;
import org.fl4j.core.UpdateTransform;
import org.fl4j.data.FederatedDataset;
import org.fl4j.internal.Check;
import org.fl4j.message.ServerState;
import org.fl4j.server.UpdatePolicy;
import org.fl4j.tensor.ParameterLayout;
import org.fl4j.tensor.ParameterVector;

/**
 * A whole federated algorithm: the parts of a simulation that belong together, on the server and on the clients.
 *
 * <pre>{@code
 * SimulationBuilder builder = Simulation.builder()
 *         .algorithm(new Scaffold())
 *         .task(task)
 *         .data(data)
 *         .training(LocalTraining.sgd(0.1)); // and the number of rounds
 * }</pre>
 */
@FunctionalInterface
public interface Algorithm {
    /**
     * Returns a run's parts with those of this algorithm in them. A function: it may be called more than once, and
     * remembers nothing.
     *
     * @param parts what is set so far; what this algorithm sets takes its place
     */
    Parts on(Parts parts);

    /**
     * Checks the parts that the run will use, some of which may have been set after this algorithm's. By default
     * anything goes.
     *
     * @throws IllegalArgumentException if the algorithm does not hold with them
     */
    default void verify(Parts parts) {}

    /**
     * What a run is made of, as far as algorithms may set it and check it: a value. Methods with an argument return
     * other parts, and leave these as they are; each does what the method of the same name of {@link SimulationBuilder}
     * does. Methods without one say what is set.
     */
    final class Parts {
        private final RunConfig config;

        Parts(RunConfig config) {
            this.config = config;
        }

        RunConfig config() {
            return config;
        }

        private Parts with(Consumer<RunConfig> change) {
            return new Parts(config.with(change));
        }

        private static <T> T set(String name, T value) {
            if (value == null) {
                throw new IllegalStateException(name + " must be set before an algorithm that goes by it, but is not");
            }
            return value;
        }

        /** Returns who chooses cohorts. */
        public ClientSelector selector() {
            return set("selector", config.selector);
        }

        /** Sets who chooses cohorts. */
        public Parts selector(ClientSelector value) {
            return with(run -> run.selector = value);
        }

        /** Returns how updates are combined. */
        public Aggregator aggregator() {
            return set("aggregator", config.aggregator);
        }

        /** Sets how updates are combined; nothing else may take its place. */
        public Parts aggregator(Aggregator value) {
            return new Parts(config.withAggregator(value));
        }

        /** Sets how updates are combined unless something else is asked for. */
        public Parts usualAggregator(Aggregator value) {
            return new Parts(config.withUsualAggregator(value));
        }

        /** Puts an aggregator around the run's. */
        public Parts aroundAggregator(UnaryOperator<Aggregator> outer) {
            return new Parts(config.withAroundAggregator(outer));
        }

        /** Returns how aggregates are applied. */
        public ServerOptimizer serverOptimizer() {
            return config.serverOptimizer;
        }

        /** Sets how aggregates are applied. */
        public Parts serverOptimizer(ServerOptimizer value) {
            return with(run -> run.serverOptimizer = value);
        }

        /** Returns what clients do to their updates. */
        public UpdateTransform uploadTransform() {
            return config.uploadTransform;
        }

        /** Adds something that clients do to their updates, after all else. */
        public Parts uploadTransform(UpdateTransform value) {
            return new Parts(config.withUploadTransform(value));
        }

        /** Returns how deltas are encoded, if they are. */
        public Optional<Codec> codec() {
            return config.codec;
        }

        /** Sets how deltas are encoded. */
        public Parts codec(Codec value) {
            return with(run -> run.codec = Optional.of(value));
        }

        /** Returns which updates a round takes. */
        public UpdatePolicy updates() {
            return config.updates;
        }

        /** Sets which updates a round takes. */
        public Parts updates(UpdatePolicy value) {
            return with(run -> run.updates = value);
        }

        /** Returns what clients train on. */
        public FederatedDataset data() {
            return set("data", config.data);
        }

        /** Returns how many clients take part in a round. */
        public int cohortSize() {
            return config.cohortSize;
        }

        /** Sets how many clients take part in a round. */
        public Parts cohortSize(int value) {
            return with(run -> run.cohortSize = value);
        }

        /** Returns how clients are made that train as {@link #training} says. */
        public SgdClientFactory sgdClients() {
            return config.sgdClients;
        }

        /** Sets how clients are made that train as {@link #training} says. */
        public Parts sgdClients(SgdClientFactory value) {
            return with(run -> run.sgdClients = value);
        }

        /** Returns how clients are made if not by {@link #sgdClients}. */
        public Optional<ClientFactory> clients() {
            return config.clientFactory;
        }

        /** Sets how clients are made, in place of {@link #sgdClients}. */
        public Parts clients(ClientFactory value) {
            return with(run -> run.clientFactory = Optional.of(value));
        }

        /** Returns how clients train, if that is set. */
        public Optional<LocalTraining> training() {
            return Optional.ofNullable(config.training);
        }

        /** Sets how clients train. */
        public Parts training(LocalTraining value) {
            return with(run -> run.training = value);
        }

        /** Returns the servers beside the composed one. */
        public List<PlacedServer> servers() {
            return config.servers;
        }

        /** Returns whether there is a server in a layer. */
        public boolean has(ServerLayer layer) {
            return servers().stream().anyMatch(server -> server.layer() == layer);
        }

        /** Puts a server around the composed one. */
        public Parts server(ServerDecorator value) {
            return server(ServerLayer.AROUND, value);
        }

        /** Puts a server into a layer of the run's servers. */
        public Parts server(ServerLayer layer, ServerDecorator value) {
            return new Parts(config.withServer(new PlacedServer(layer, value)));
        }

        /** Returns the rules by which tasks differ from round to round. */
        public List<SettingsRule.Factory> settings() {
            return config.settings;
        }

        /** Adds a rule for the settings of tasks. */
        public Parts settings(SettingsRule.Factory value) {
            return with(run -> run.settings = RunConfig.plus(run.settings, Check.present("settings", value)));
        }

        /** Returns how old the models may be that clients train, if rounds are asynchronous. */
        public OptionalInt staleness() {
            return config.staleness;
        }

        /** Lets clients train on older models, at most so many versions behind. */
        public Parts asynchronous(int maxStaleness) {
            return with(run -> run.staleness = OptionalInt.of(Check.atLeast("maxStaleness", 0, maxStaleness)));
        }

        /** Sets which model of a state is evaluated. */
        public Parts evaluated(Function<ServerState, ParameterVector> value) {
            return with(run -> run.evaluated = Check.present("evaluated", value));
        }

        /** Adds somebody who looks at the world outside before each round is planned. */
        public Parts observer(RoundObserver value) {
            return with(run -> run.observers = RunConfig.plus(run.observers, Check.present("observer", value)));
        }

        /** Adds a rule by which to end before the last round. */
        public Parts stopRule(StopRule value) {
            return with(run -> run.stopRule = run.stopRule.or(Check.present("stopRule", value)));
        }

        /** Adds a listener. */
        public Parts listener(RunListener value) {
            return with(run -> run.listeners = RunConfig.plus(run.listeners, Check.present("listener", value)));
        }

        /** Builds the network and returns the layout of its parameters. */
        public ParameterLayout layout() {
            return config.layout();
        }
    }
}
