package org.fl4j.aggregators;

import java.util.Optional;
import java.util.function.UnaryOperator;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.Server;
import org.fl4j.internal.Check;
import org.fl4j.message.Query;
import org.fl4j.message.RoundContext;
import org.fl4j.message.ServerState;
import org.fl4j.server.ForwardingServer;
import org.fl4j.simulation.DecoratorContext;
import org.fl4j.simulation.ServerDecorator;

/** Asks the clients of a round something before they train. Selectors must not go by what it keeps of the answers. */
abstract class CohortQuery extends ForwardingServer {
    private final String name;
    private final boolean readsModel;

    /**
     * Goes around a server.
     *
     * @param name of what is asked
     * @param readsModel whether answers depend on the model
     */
    CohortQuery(Server inner, String name, boolean readsModel) {
        super(inner);
        this.name = Check.present("name", name);
        this.readsModel = readsModel;
    }

    /** Returns the decorator that puts such a server around a run's. */
    static ServerDecorator around(UnaryOperator<Server> make) {
        return new Around(make);
    }

    private record Around(UnaryOperator<Server> make) implements ServerDecorator {
        @Override
        public Server decorate(Server server, DecoratorContext run) {
            return make.apply(server);
        }

        @Override
        public boolean asks() {
            return true;
        }
    }

    @Override
    public final Optional<Query> query(ServerState state, ClientDirectory available, RoundContext round) {
        return Optional.of(new Query(name, readsModel, plan(state, available, round)));
    }
}
