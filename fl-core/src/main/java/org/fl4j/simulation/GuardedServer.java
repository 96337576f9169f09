package org.fl4j.simulation;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientId;
import org.fl4j.core.ModelUpdate;
import org.fl4j.core.Rejection;
import org.fl4j.core.RejectionReason;
import org.fl4j.core.RoundContext;
import org.fl4j.core.RoundPlan;
import org.fl4j.core.Server;
import org.fl4j.core.ServerState;
import org.fl4j.core.ServerUpdate;
import org.fl4j.metrics.Metrics;
import org.fl4j.server.StrategyFailedException;

/** Holds a server, which may be the user's own, to its contract. What it throws names the round and the server. */
final class GuardedServer implements Server {
    private final Server server;
    private final boolean failsOnRefusal;

    /**
     * Guards a server.
     *
     * @param failsOnRefusal whether a round whose aggregate is not finite ends the run
     */
    GuardedServer(Server server, boolean failsOnRefusal) {
        this.server = server;
        this.failsOnRefusal = failsOnRefusal;
    }

    @Override
    public ServerState initialState() {
        return server.initialState();
    }

    @Override
    public RoundPlan plan(ServerState state, ClientDirectory available, RoundContext round) {
        RoundPlan plan = ask(round, "plan", () -> server.plan(state, available, round));
        Set<ClientId> seen = new HashSet<>();
        for (ClientId client : plan.cohort()) {
            if (client == null || available.position(client).isEmpty()) {
                throw broke(round, "choose only available clients, but chose " + client);
            }
            if (!seen.add(client)) {
                throw broke(round, "choose each client once, but chose " + client + " twice");
            }
        }
        return plan;
    }

    @Override
    public ServerUpdate update(ServerState state, RoundPlan plan, Iterable<ModelUpdate> updates, RoundContext round) {
        ServerUpdate update = ask(round, "update", () -> server.update(state, plan, updates, round));
        update.state()
                .models()
                .values()
                .forEach(model -> state.model()
                        .layout()
                        .differenceFrom(model.layout())
                        .ifPresent(difference -> {
                            throw broke(round, "keep the model's layout, but: " + difference);
                        }));
        if (update.state().round() != round.number()) {
            throw broke(
                    round,
                    "return the state after the round, but returned that after round "
                            + update.state().round());
        }
        requireSound(update, round);
        return update;
    }

    /** Nothing that is not a number becomes a state: it would stay one for ever. */
    private void requireSound(ServerUpdate update, RoundContext round) {
        Optional<Rejection> refused = update.rejected().stream()
                .filter(rejection -> rejection.reason() == RejectionReason.ROUND_REFUSED)
                .findFirst();
        if (failsOnRefusal && refused.isPresent()) {
            throw new RoundRefusedException(round.number(), refused.get().detail());
        }
        update.state()
                .models()
                .forEach((name, model) -> model.firstNotFinite().ifPresent(parameter -> {
                    throw new RoundRefusedException(
                            round.number(),
                            name + " must be finite, but parameter " + parameter + " has NaN or infinite values");
                }));
    }

    @Override
    public RoundPlan evaluation(ServerState state, List<ClientId> clients, RoundContext round) {
        return ask(round, "evaluation", () -> server.evaluation(state, clients, round));
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
