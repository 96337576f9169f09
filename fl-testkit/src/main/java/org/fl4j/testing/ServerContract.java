package org.fl4j.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.Server;
import org.fl4j.message.ClientId;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.ServerState;
import org.fl4j.message.ServerUpdate;
import org.fl4j.message.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.tensor.ParameterVector;
import org.junit.jupiter.api.Test;

/** What every {@link Server} promises. */
public abstract class ServerContract extends TensorTest {
    /** Returns a new server under test, for clients 0 to 9. */
    protected abstract Server server();

    private static final ClientDirectory CLIENTS = ClientDirectory.ofRange(10, i -> 5);

    private ModelUpdate answer(ServerState state, TrainingTask task) {
        ParameterVector delta = ParameterVector.zeros(state.model().layout(), manager);
        delta.floats().addi(.5f + task.client().index());
        return new ModelUpdate(task.client(), task.modelVersion(), 5, 1, delta, Metrics.none());
    }

    /** Every call is of a new server: nothing is remembered but what is in the state and the plan. */
    private ServerUpdate round(ServerState state) {
        RoundContext round = round(state.round() + 1);
        RoundPlan plan = server().plan(state, CLIENTS, round);
        List<ModelUpdate> updates = plan.cohort().stream()
                .map(client -> answer(state, plan.task(client, round)))
                .toList();
        return server().update(state, plan, updates::iterator, round);
    }

    @Test
    void startsBeforeTheFirstRoundWithTheSameModelEachTime() {
        Server server = server();
        assertThat(server.initialState().round()).isZero();
        assertThat(server.initialState().model().sha256())
                .isEqualTo(server.initialState().model().sha256());
    }

    @Test
    void addressesEachTaskToItsClientWithTheVersionOfTheState() {
        Server server = server();
        ServerState state = server.initialState();
        RoundPlan plan = server.plan(state, CLIENTS, round());
        ClientId client = plan.cohort().get(0);
        TrainingTask task = plan.task(client, round());
        assertThat(task.client()).isEqualTo(client);
        assertThat(task.modelVersion()).isZero();
        assertThat(task.ticket()).isEqualTo(round().ticket(client));
    }

    @Test
    void givesTheSameStateForTheSameUpdates() {
        Server server = server();
        ServerState state = server.initialState();
        String before = state.model().sha256();
        ServerUpdate first = round(state);
        ServerUpdate again = round(state);
        assertThat(first.state().round()).isEqualTo(1);
        assertThat(first.state().model().sha256())
                .isEqualTo(again.state().model().sha256());
        assertThat(state.model().sha256()).as("the state before is not changed").isEqualTo(before);
        assertThat(round(first.state()).state().round()).isEqualTo(2);
    }

    @Test
    void accountsForEveryUpdate() {
        Server server = server();
        ServerState state = server.initialState();
        ServerUpdate update = round(state);
        int cohort = server.plan(state, CLIENTS, round()).cohort().size();
        assertThat(update.accepted().size() + update.rejected().size()).isEqualTo(cohort);
    }
}
