package org.fl4j.aggregators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.Server;
import org.fl4j.core.UpdateStream;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.fixture.SmallRuns;
import org.fl4j.internal.Check;
import org.fl4j.message.ClientId;
import org.fl4j.message.Facts;
import org.fl4j.message.Note;
import org.fl4j.message.Rejection;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.ServerState;
import org.fl4j.message.ServerUpdate;
import org.fl4j.metrics.Metrics;
import org.fl4j.random.Seed;
import org.fl4j.server.FedAvg;
import org.fl4j.server.ForwardingServer;
import org.fl4j.server.UniformSelector;
import org.fl4j.simulation.Algorithm;
import org.fl4j.simulation.RunResult;
import org.fl4j.simulation.ServerLayer;
import org.fl4j.simulation.SimulationBuilder;
import org.fl4j.simulation.SynchronousTime;
import org.fl4j.world.ClientTimes;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an algorithm of one's own can do, with public types alone: a clock, and a server around the composed one. */
class OwnAlgorithmsTest {
    private static Dataset digits;

    @TempDir
    Path directory;

    @BeforeAll
    static void generate() {
        digits = Digits.generate(200, 20, new Seed(1));
    }

    @AfterAll
    static void free() {
        digits.close();
    }

    private static SimulationBuilder run() {
        return SmallRuns.softmax(digits, 10)
                .selector(new UniformSelector())
                .cohortSize(6)
                .rounds(4)
                .seed(3);
    }

    /**
     * A clock: client i takes i seconds, those who take longer than the time-out are late, and a round lasts until its
     * last client or until the time-out.
     */
    private record OwnClock(double timeout) implements Algorithm {
        private static final String SECONDS = "own-clock/seconds";
        private static final Note<Double> LENGTH = new Note<>("own-clock/length", Double.class);

        @Override
        public Parts on(Parts parts) {
            double limit = timeout;
            return parts.usualAggregator(new FedAvg())
                    .server(ServerLayer.TIME, (server, run) -> new Timed(server, limit));
        }

        /** Sees the finished run. */
        @Override
        public void verify(Parts parts) {
            Check.that(parts.cohortSize() > 1, "cohortSize under an own clock", "at least 2", parts.cohortSize());
        }

        private static final class Timed extends ForwardingServer {
            private final double timeout;

            Timed(Server server, double timeout) {
                super(server);
                this.timeout = timeout;
            }

            @Override
            public RoundPlan plan(ServerState state, ClientDirectory available, RoundContext round) {
                RoundPlan all = super.plan(state, available, round);
                Map<ClientId, Facts> known = new LinkedHashMap<>();
                List<ClientId> inTime = new ArrayList<>();
                List<Rejection> late = new ArrayList<>();
                double length = 0;
                for (ClientId client : all.cohort()) {
                    double seconds = client.index();
                    known.put(client, Facts.of(ClientTimes.SECONDS, seconds));
                    if (seconds > timeout) {
                        late.add(new Rejection(client, RejectionReason.LATE, "took " + seconds + " s"));
                    } else {
                        inTime.add(client);
                    }
                    length = Math.min(timeout, Math.max(length, seconds));
                }
                return all.withCohort(inTime).withKnown(known, late).with(LENGTH, length);
            }

            @Override
            public ServerUpdate update(ServerState state, RoundPlan plan, UpdateStream updates, RoundContext round) {
                ServerUpdate update = super.update(state, plan, updates, round);
                double now = state.strategy().number(SECONDS).orElse(0.0) + plan.note(LENGTH);
                return new ServerUpdate(
                        update.state().withStrategy(update.state().strategy().with(SECONDS, now)),
                        update.accepted(),
                        update.rejected(),
                        update.metrics().merge(Metrics.of(SECONDS, now, 1)));
            }
        }
    }

    /** Halves each step, with a server around the composed one. */
    private record Cautious() implements Algorithm {
        @Override
        public Parts on(Parts parts) {
            return parts.usualAggregator(new FedAvg()).server((server, run) -> new ForwardingServer(server) {
                @Override
                public ServerUpdate update(
                        ServerState state, RoundPlan plan, UpdateStream updates, RoundContext round) {
                    ServerUpdate update = super.update(state, plan, updates, round);
                    update.state().model().floats().addi(state.model().floats()).divi(2);
                    return update;
                }
            });
        }
    }

    private static String state(SimulationBuilder run) {
        try (RunResult result = run.build().run()) {
            return result.stateSha256();
        }
    }

    @Test
    void aClockOfOnesOwnLeavesOutWhoIsLate() {
        try (RunResult result = run().algorithm(new OwnClock(5)).build().run()) {
            double clock = 0;
            for (var round : result.history()) {
                assertThat(round.clients().keySet()).allMatch(client -> client.index() <= 5);
                assertThat(round.rejected()).allSatisfy(rejection -> {
                    assertThat(rejection.reason()).isEqualTo(RejectionReason.LATE);
                    assertThat(rejection.client().index()).isGreaterThan(5);
                });
                assertThat(round.clients().size() + round.rejected().size()).isEqualTo(6);
                clock += 5; // of ten clients six are asked, so somebody is late or takes five seconds
                assertThat(round.metrics().value("own-clock/seconds")).isLessThanOrEqualTo(clock);
                round.clients()
                        .forEach((client, metrics) -> assertThat(metrics.value(ClientTimes.SECONDS.name()))
                                .isEqualTo(client.index()));
            }
        }
    }

    @Test
    void bothTogetherGiveTheSameBitsAnywhere() {
        SimulationBuilder both = run().algorithm(new Cautious()).algorithm(new OwnClock(5));
        String expected = state(both.workers(1));
        assertThat(state(both.workers(3))).isEqualTo(expected);
        assertThat(state(run().algorithm(new OwnClock(5)).algorithm(new Cautious())))
                .as("layers decide, not the order")
                .isEqualTo(expected);
        assertThat(state(run().algorithm(new OwnClock(5)))).isNotEqualTo(expected);
        both.checkpoints(directory, 1).rounds(2).build().run().close();
        assertThat(state(both.rounds(4).resume(true))).isEqualTo(expected);
    }

    @Test
    void isHeldToTheSameRulesAsOurs() {
        assertThatThrownBy(() -> run().algorithm(new OwnClock(5)).cohortSize(1).build())
                .hasMessage("cohortSize under an own clock must be at least 2, but was 1");
        assertThatThrownBy(() ->
                        run().algorithm(new OwnClock(5)).algorithm(new SynchronousTime((client, round, work) -> 1, 3)))
                .hasMessage("simulated clocks of a run must be one, but was two");
    }

    /** Applying an algorithm leaves the parts that it was given as they are. */
    @Test
    void partsAreAValue() {
        List<Algorithm.Parts> seen = new ArrayList<>();
        Algorithm looking = parts -> {
            seen.add(parts);
            return parts.cohortSize(7).uploadTransform((update, task) -> update);
        };
        SimulationBuilder run = run().algorithm(new Cautious()).algorithm(looking);
        run.build();
        assertThat(seen.get(0).cohortSize()).isEqualTo(6);
        assertThat(seen.get(0).servers()).hasSize(1);
        Algorithm.Parts again = looking.on(seen.get(0));
        assertThat(again.cohortSize()).isEqualTo(7);
        assertThat(seen.get(0).cohortSize()).isEqualTo(6);
        assertThatThrownBy(() -> run().algorithm(parts -> null))
                .hasMessageStartingWith("parts of ")
                .hasMessageEndingWith(" must not be null");
    }
}
