package org.fl4j.aggregators;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.fl4j.core.Server;
import org.fl4j.core.UpdateStream;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.fixture.SmallRuns;
import org.fl4j.message.ClientId;
import org.fl4j.message.Receipt;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.ServerState;
import org.fl4j.message.ServerUpdate;
import org.fl4j.metrics.Metrics;
import org.fl4j.random.Seed;
import org.fl4j.server.FedAvg;
import org.fl4j.server.ForwardingServer;
import org.fl4j.simulation.SimulationBuilder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** An algorithm's aggregator that a user's server or aggregator never asks is found in the first round. */
class UnaskedAggregatorTest {
    private static Dataset digits;

    @BeforeAll
    static void generate() {
        digits = Digits.generate(160, 40, new Seed(1));
    }

    @AfterAll
    static void free() {
        digits.close();
    }

    private static SimulationBuilder run() {
        return SmallRuns.softmax(digits, 4)
                .selector(SmallRuns.FIRST)
                .cohortSize(4)
                .rounds(2);
    }

    @Test
    void anAggregatorThatNobodyAsksEndsTheRun() {
        String message = "aggregator of Scaffold must be asked in every run, but round 1 was made without it. Maybe a"
                + " server() or an aroundAggregator() of the run does not use what it is given";
        assertThatThrownBy(() -> run().algorithm(new Scaffold())
                        .aroundAggregator(inner -> new FedAvg())
                        .build()
                        .run())
                .isInstanceOf(IllegalStateException.class)
                .hasMessage(message);
        assertThatThrownBy(() -> run().algorithm(new Scaffold())
                        .server((server, run) -> new Deaf(server))
                        .build()
                        .run())
                .isInstanceOf(IllegalStateException.class)
                .hasMessage(message);
        run().algorithm(new FedProx(1)) // it goes with any aggregator, and so with any server
                .server((server, run) -> new Deaf(server))
                .build()
                .run()
                .close();
    }

    /** Accepts all updates and learns nothing from them. */
    private static final class Deaf extends ForwardingServer {
        Deaf(Server composed) {
            super(composed);
        }

        @Override
        public ServerUpdate update(ServerState state, RoundPlan plan, UpdateStream updates, RoundContext round) {
            Map<ClientId, Receipt> accepted = new TreeMap<>();
            updates.forEach(update -> accepted.put(update.client(), update.receipt(Receipt.Outcome.ACCEPTED)));
            ServerState next = state.next(state.model().copy(), state.strategy());
            return new ServerUpdate(next, accepted, List.of(), Metrics.none());
        }
    }
}
