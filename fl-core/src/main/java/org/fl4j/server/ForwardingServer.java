package org.fl4j.server;

import java.util.List;
import java.util.Optional;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.Server;
import org.fl4j.core.UpdateStream;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Query;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.ServerState;
import org.fl4j.message.ServerUpdate;
import org.fl4j.metrics.Metrics;

/**
 * A server around another one, which does all the work: override what is to be different, and call {@code super} for
 * the rest.
 */
public abstract class ForwardingServer implements Server {
    private final Server inner;

    /** Goes around a server. */
    protected ForwardingServer(Server inner) {
        this.inner = Check.present("server", inner);
    }

    @Override
    public ServerState initialState() {
        return inner.initialState();
    }

    @Override
    public Optional<Query> query(ServerState state, ClientDirectory available, RoundContext round) {
        return inner.query(state, available, round);
    }

    @Override
    public ServerState answered(ServerState state, Query query, Iterable<ModelUpdate> answers, RoundContext round) {
        return inner.answered(state, query, answers, round);
    }

    @Override
    public RoundPlan plan(ServerState state, ClientDirectory available, RoundContext round) {
        return inner.plan(state, available, round);
    }

    @Override
    public ServerUpdate update(ServerState state, RoundPlan plan, UpdateStream updates, RoundContext round) {
        return inner.update(state, plan, updates, round);
    }

    @Override
    public RoundPlan evaluation(ServerState state, List<ClientId> clients, RoundContext round) {
        return inner.evaluation(state, clients, round);
    }

    @Override
    public Metrics evaluate(ServerState state, RoundContext round) {
        return inner.evaluate(state, round);
    }
}
