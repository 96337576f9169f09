package org.fl4j.simulation;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;
import org.fl4j.client.ClientFactory;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClientFactory;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.Codec;
import org.fl4j.core.ServerOptimizer;
import org.fl4j.core.UpdateTransform;
import org.fl4j.data.FederatedDataset;
import org.fl4j.server.UpdatePolicy;
import org.fl4j.tensor.ParameterLayout;

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
    /** Sets its parts in a builder. */
    void configure(SimulationBuilder builder);

    /**
     * Checks the parts that the run will use, some of which may have been set after this algorithm's. By default
     * anything goes.
     *
     * @throws IllegalArgumentException if the algorithm does not hold with them
     */
    default void verify(Parts parts) {}

    /**
     * What a simulation is made of, as far as algorithms may have to check it; {@code servers} are those beside the
     * composed one, {@code settings} the rules by which tasks differ from round to round, {@code staleness} is there if
     * rounds are asynchronous, {@code codec} if deltas are encoded, {@code clients} is there if clients are not made by {@code sgdClients}, and
     * {@code layout} builds the network to list its parameters.
     */
    record Parts(
            ClientSelector selector,
            Aggregator aggregator,
            ServerOptimizer serverOptimizer,
            UpdateTransform uploadTransform,
            Optional<Codec> codec,
            UpdatePolicy updates,
            FederatedDataset data,
            int cohortSize,
            SgdClientFactory sgdClients,
            Optional<ClientFactory> clients,
            Optional<LocalTraining> training,
            List<PlacedServer> servers,
            List<SettingsRule.Factory> settings,
            OptionalInt staleness,
            Supplier<ParameterLayout> layout) {
        /** Copies the lists. */
        public Parts {
            servers = List.copyOf(servers);
            settings = List.copyOf(settings);
        }

        /** Returns whether there is a server in a layer. */
        public boolean has(ServerLayer layer) {
            return servers.stream().anyMatch(server -> server.layer() == layer);
        }
    }
}
