package org.fl4j.simulation;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientId;
import org.fl4j.core.ModelUpdate;
import org.fl4j.core.RoundContext;
import org.fl4j.core.Server;
import org.fl4j.core.ServerState;
import org.fl4j.core.ServerUpdate;
import org.fl4j.core.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.server.StrategyFailedException;

/** Holds a server, which may be the user's own, to its contract. What it throws names the round and the server. */
final class GuardedServer implements Server {
    private final Server server;

    GuardedServer(Server server) {
        this.server = server;
    }

    @Override
    public ServerState initialState() {
        return server.initialState();
    }

    @Override
    public List<ClientId> select(ServerState state, ClientDirectory available, RoundContext round) {
        List<ClientId> cohort = ask(round, "select", () -> server.select(state, available, round));
        Set<ClientId> seen = new HashSet<>();
        for (ClientId client : cohort) {
            if (client == null || available.position(client).isEmpty()) {
                throw broke(round, "choose only available clients, but chose " + client);
            }
            if (!seen.add(client)) {
                throw broke(round, "choose each client once, but chose " + client + " twice");
            }
        }
        return cohort;
    }

    /** Called while a client trains: what this throws is reported with round and client. */
    @Override
    public TrainingTask broadcast(ServerState state, ClientId client, RoundContext round) {
        return server.broadcast(state, client, round);
    }

    @Override
    public ServerUpdate update(ServerState state, Iterable<ModelUpdate> updates, RoundContext round) {
        ServerUpdate update = ask(round, "update", () -> server.update(state, updates, round));
        state.model().layout().differenceFrom(update.state().model().layout()).ifPresent(difference -> {
            throw broke(round, "keep the model's layout, but: " + difference);
        });
        if (update.state().round() != round.number()) {
            throw broke(
                    round,
                    "return the state after the round, but returned that after round "
                            + update.state().round());
        }
        return update;
    }

    @Override
    public Metrics evaluate(ServerState state, RoundContext round) {
        return ask(round, "evaluate", () -> server.evaluate(state, round));
    }

    private <T> T ask(RoundContext round, String method, Supplier<T> call) {
        T answer;
        try {
            answer = call.get();
        } catch (ClientFailedException | RunCancelledException | RoundRefusedException | StrategyFailedException e) {
            throw e; // these say what they are about
        } catch (RuntimeException e) {
            if (Failures.unwrapped(e) instanceof Error) {
                throw e;
            }
            throw StrategyFailedException.threw(round.number(), "server", server, method, e);
        }
        if (answer == null) {
            throw broke(round, "answer " + method + ", but returned null");
        }
        return answer;
    }

    private StrategyFailedException broke(RoundContext round, String rule) {
        return StrategyFailedException.broke(round.number(), "server", server, rule);
    }
}
