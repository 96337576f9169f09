package org.fl4j.simulation;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.Server;
import org.fl4j.core.UpdateStream;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Query;
import org.fl4j.message.Rejection;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.ServerState;
import org.fl4j.message.ServerUpdate;
import org.fl4j.metrics.Metrics;
import org.fl4j.server.StrategyFailedException;
import org.fl4j.tensor.ParameterLayout;

/** Holds a server, which may be the user's own, to its contract. What it throws names the round and the server. */
final class GuardedServer implements Server {
    private final Server server;
    private final ParameterLayout layout;
    private final boolean failsOnRefusal;
    private final int blockSize;
    private final int together;

    /**
     * Guards a server.
     *
     * @param layout of the task's model
     * @param failsOnRefusal whether a round whose aggregate is not finite ends the run
     * @param blockSize how many clients are a block of the plan
     * @param together how many clients train together
     */
    GuardedServer(Server server, ParameterLayout layout, boolean failsOnRefusal, int blockSize, int together) {
        this.blockSize = blockSize;
        this.together = together;
        this.server = server;
        this.layout = layout;
        this.failsOnRefusal = failsOnRefusal;
    }

    @Override
    public ServerState initialState() {
        ServerState state = ask(0, "initialState", server::initialState);
        if (state.round() != 0) {
            throw broke(0, "begin with the state after round 0, but began with that after round " + state.round());
        }
        state.models()
                .forEach((name, model) -> layout.differenceFrom(model.layout()).ifPresent(difference -> {
                    throw broke(0, "begin with models of the task's layout, but for " + name + ": " + difference);
                }));
        return state;
    }

    @Override
    public Optional<Query> query(ServerState state, ClientDirectory available, RoundContext round) {
        Optional<Query> query = ask(round.number(), "query", () -> server.query(state, available, round));
        query.ifPresent(asked -> requireSound(asked.plan(), available, round));
        return query;
    }

    @Override
    public ServerState answered(ServerState state, Query query, Iterable<ModelUpdate> answers, RoundContext round) {
        ServerState next = ask(round.number(), "answered", () -> server.answered(state, query, answers, round));
        if (next.round() != state.round()) {
            throw broke(
                    round.number(),
                    "fold answers into the state after round " + state.round() + ", but returned that after round "
                            + next.round());
        }
        return next;
    }

    @Override
    public RoundPlan plan(ServerState state, ClientDirectory available, RoundContext round) {
        RoundPlan plan = ask(round.number(), "plan", () -> server.plan(state, available, round));
        requireSound(plan, available, round);
        if (plan.blockSize() != 1 && plan.blockSize() != blockSize) {
            throw broke(
                    round.number(),
                    "leave the size of blocks to the run, " + blockSize + ", but set " + plan.blockSize());
        }
        return plan.withBlocks(blockSize, together);
    }

    private void requireSound(RoundPlan plan, ClientDirectory available, RoundContext round) {
        requireLayout(plan, round);
        Set<ClientId> seen = new HashSet<>();
        for (ClientId client : plan.cohort()) {
            if (available.position(client).isEmpty()) {
                throw broke(round.number(), "choose only available clients, but chose " + client);
            }
            if (!seen.add(client)) {
                throw broke(round.number(), "choose each client once, but chose " + client + " twice");
            }
        }
    }

    @Override
    public ServerUpdate update(ServerState state, RoundPlan plan, UpdateStream updates, RoundContext round) {
        ServerUpdate update = ask(round.number(), "update", () -> server.update(state, plan, updates, round));
        update.state()
                .models()
                .values()
                .forEach(model -> state.model()
                        .layout()
                        .differenceFrom(model.layout())
                        .ifPresent(difference -> {
                            throw broke(round.number(), "keep the model's layout, but: " + difference);
                        }));
        if (update.state().round() != round.number()) {
            throw broke(
                    round.number(),
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
        RoundPlan plan = ask(round.number(), "evaluation", () -> server.evaluation(state, clients, round));
        requireLayout(plan, round);
        if (!plan.cohort().equals(clients)) {
            throw broke(
                    round.number(), "plan an evaluation for the clients it is asked for, but planned it for others");
        }
        return plan;
    }

    private void requireLayout(RoundPlan plan, RoundContext round) {
        plan.shared()
                .forEach((id, message) -> layout.differenceFrom(message.model().layout())
                        .ifPresent(difference -> {
                            throw broke(
                                    round.number(),
                                    "send models of the task's layout, but in message " + id + ": " + difference);
                        }));
        plan.orders().values().stream()
                .flatMap(order -> order.slice().stream())
                .distinct()
                .forEach(slice -> {
                    try {
                        slice.of(layout);
                    } catch (IllegalArgumentException e) {
                        throw broke(round.number(), "send parts of the task's model, but: " + e.getMessage());
                    }
                });
    }

    @Override
    public Metrics evaluate(ServerState state, RoundContext round) {
        return ask(round.number(), "evaluate", () -> server.evaluate(state, round));
    }

    private <T> T ask(int round, String method, Supplier<T> call) {
        T answer;
        try {
            answer = call.get();
        } catch (ClientFailedException | RunCancelledException | RoundRefusedException | StrategyFailedException e) {
            throw e; // these say what they are about
        } catch (RuntimeException e) {
            if (Failures.unwrapped(e) instanceof Error) {
                throw e;
            }
            throw StrategyFailedException.threw(round, "server", server, method, e);
        }
        if (answer == null) {
            throw broke(round, "answer " + method + ", but returned null");
        }
        return answer;
    }

    private StrategyFailedException broke(int round, String rule) {
        return StrategyFailedException.broke(round, "server", server, rule);
    }
}
