package org.fl4j.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientId;
import org.fl4j.core.ModelUpdate;
import org.fl4j.core.RoundContext;
import org.fl4j.core.Server;
import org.fl4j.core.ServerState;
import org.fl4j.core.ServerUpdate;
import org.fl4j.core.TrainingTask;
import org.fl4j.metrics.Metrics;
import org.fl4j.tensor.ParameterVector;
import org.junit.jupiter.api.Test;

/** What every {@link Server} promises. */
public abstract class ServerContract extends TensorTest {
    /** Returns the server under test, for clients 0 to 9. */
    protected abstract Server server();

    private static final ClientDirectory CLIENTS = ClientDirectory.ofRange(10, i -> 5);

    private ModelUpdate answer(ServerState state, TrainingTask task) {
        ParameterVector delta = ParameterVector.zeros(state.model().layout(), manager);
        delta.floats().addi(.5f + task.client().index());
        return new ModelUpdate(task.client(), task.modelVersion(), 5, 1, delta, Metrics.none());
    }

    private ServerUpdate round(Server server, ServerState state) {
        RoundContext round = round(state.round() + 1);
        List<ClientId> cohort = server.select(state, CLIENTS, round);
        List<ModelUpdate> updates = cohort.stream()
                .map(client -> answer(state, server.broadcast(state, client, round)))
                .toList();
        return server.update(state, updates, round);
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
        TrainingTask task = server.broadcast(state, new ClientId(3), round());
        assertThat(task.client()).isEqualTo(new ClientId(3));
        assertThat(task.modelVersion()).isZero();
        assertThat(task.round()).isEqualTo(round());
    }

    @Test
    void givesTheSameStateForTheSameUpdates() {
        Server server = server();
        ServerState state = server.initialState();
        String before = state.model().sha256();
        ServerUpdate first = round(server, state);
        ServerUpdate again = round(server, state);
        assertThat(first.state().round()).isEqualTo(1);
        assertThat(first.state().model().sha256())
                .isEqualTo(again.state().model().sha256());
        assertThat(state.model().sha256()).as("the state before is not changed").isEqualTo(before);
        assertThat(round(server, first.state()).state().round()).isEqualTo(2);
    }

    @Test
    void accountsForEveryUpdate() {
        Server server = server();
        ServerState state = server.initialState();
        ServerUpdate update = round(server, state);
        int cohort = server.select(state, CLIENTS, round()).size();
        assertThat(update.accepted().size() + update.rejected().size()).isEqualTo(cohort);
    }
}
