package org.fl4j.simulation;

import ai.djl.Device;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.Server;
import org.fl4j.core.UpdateStream;
import org.fl4j.message.ClientId;
import org.fl4j.message.ClientStore;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Query;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.ServerState;
import org.fl4j.message.ServerUpdate;
import org.fl4j.metrics.Metrics;
import org.fl4j.model.FederatedModel;
import org.fl4j.model.LocalModel;
import org.fl4j.server.ComposedServer;

/** Makes runs whose servers are thrown away after every call. */
public final class RebuiltServers {
    private RebuiltServers() {}

    /**
     * Returns a run like those of a supplier, which makes a new builder with all its parts each time. Every call of its
     * server is a call of new servers, made of a new builder.
     */
    public static Simulation of(Supplier<SimulationBuilder> make) {
        make.get().build();
        RunConfig parts = make.get().config();
        RunConfig nested = parts.with(run -> run.aggregator = parts.aroundAggregator.apply(parts.aggregator));
        long floats = parts.layout().floatCount();
        return new Simulation(new BlockRule(nested)
                .applied(floats)
                .with(run -> run.servers = List.of(new PlacedServer(
                        ServerLayer.GATE, (composed, given) -> new Rebuilt(make, composed, given.states())))));
    }

    private record Rebuilt(Supplier<SimulationBuilder> make, Server composed, ClientStore states) implements Server {
        private <T> T fresh(Function<Server, T> call) {
            RunConfig run = make.get().config();
            try (FederatedModel model = new FederatedModel(run.task);
                    ComposedServer again = new ComposedServer(
                            () -> composed.initialState().model(),
                            run.selector,
                            run.cohortSize,
                            run.aroundAggregator.apply(run.aggregator),
                            run.serverOptimizer,
                            run.updates,
                            run.staleness.orElse(0),
                            new LocalModel(model, Device.cpu()),
                            Optional.ofNullable(run.testData))) {
                return call.apply(run.decorated(again, states));
            }
        }

        @Override
        public ServerState initialState() {
            return fresh(Server::initialState);
        }

        @Override
        public Optional<Query> query(ServerState state, ClientDirectory available, RoundContext round) {
            return fresh(server -> server.query(state, available, round));
        }

        @Override
        public ServerState answered(ServerState state, Query query, Iterable<ModelUpdate> answers, RoundContext round) {
            return fresh(server -> server.answered(state, query, answers, round));
        }

        @Override
        public RoundPlan plan(ServerState state, ClientDirectory available, RoundContext round) {
            return fresh(server -> server.plan(state, available, round));
        }

        @Override
        public ServerUpdate update(ServerState state, RoundPlan plan, UpdateStream updates, RoundContext round) {
            return fresh(server -> server.update(state, plan, updates, round));
        }

        @Override
        public RoundPlan evaluation(ServerState state, List<ClientId> clients, RoundContext round) {
            return fresh(server -> server.evaluation(state, clients, round));
        }

        @Override
        public Metrics evaluate(ServerState state, RoundContext round) {
            return fresh(server -> server.evaluate(state, round));
        }
    }
}
