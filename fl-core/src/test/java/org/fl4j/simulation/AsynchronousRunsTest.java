package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientSelector;
import org.fl4j.fixture.Replays;
import org.fl4j.message.ClientId;
import org.fl4j.message.Receipt;
import org.fl4j.message.Rejection;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.StrategyState;
import org.fl4j.random.Seed;
import org.fl4j.server.AsynchronousRules;
import org.fl4j.server.UpdatePolicy;
import org.fl4j.world.Availability;
import org.fl4j.world.ClientTimes;
import org.fl4j.world.DiurnalAvailability;
import org.fl4j.world.World;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated("counts the native arrays of the whole process, by Replays")
class AsynchronousRunsTest extends SimulatedWorldSetup {
    @Test
    void oneUpdateOfATimedOrAsynchronousRunCanBeRunAgain() {
        World world = new World(
                (client, round, work) -> 600 + 60 * client.index(), new DiurnalAvailability(new Seed(4), 3, 10, 1), .1);
        Replays.lastUpdateIsTheSameAgain(() -> setup().rounds(6)
                .algorithm(new Asynchronous(new AsynchronousRules(4, 2, 8, Double.POSITIVE_INFINITY), world)));
        Replays.lastUpdateIsTheSameAgain(
                () -> setup().rounds(4).algorithm(new SynchronousTime(world, /* timeout= */ 900)));
    }

    @Test
    void asynchronousRunsGoOnAfterAResumeInAFickleWorld() {
        World world = new World(
                (client, round, work) -> 600 + 60 * client.index(), new DiurnalAvailability(new Seed(4), 3, 10, 1), .1);
        SimulationBuilder run = setup().rounds(12)
                .algorithm(new Asynchronous(new AsynchronousRules(4, 2, 8, Double.POSITIVE_INFINITY), world));
        List<RoundReport> whole;
        String hash;
        try (RunResult result = run.workers(1).build().run()) {
            whole = result.history();
            hash = result.stateSha256();
        }
        assertThat(whole.stream().flatMap(report -> report.rejected().stream()))
                .extracting(Rejection::reason)
                .contains(RejectionReason.DROPPED_OUT);
        double clock = 0;
        for (RoundReport report : whole) {
            assertThat(report.metrics().value("time/seconds")).isGreaterThanOrEqualTo(clock);
            clock = report.metrics().value("time/seconds");
        }
        history(run.workers(3).rounds(7).checkpoints(directory, 1));
        try (RunResult resumed = run.rounds(12).resume(true).build().run()) {
            assertThat(resumed.stateSha256()).isEqualTo(hash);
            assertThat(resumed.finalMetrics().value("time/seconds")).isEqualTo(clock);
        }
    }

    @Test
    void timeToAccuracyIsOfTheFirstRoundThatReachesIt() {
        try (RunResult result = setup().rounds(6)
                        .algorithm(new SynchronousTime((client, round, work) -> 10, 100))
                        .build()
                        .run();
                RunResult without = setup().build().run()) {
            double reached = result.history().get(3).metrics().value("test/accuracy");
            int first = 0;
            while (result.history().get(first).metrics().value("test/accuracy") < reached) {
                first++;
            }
            assertThat(result.secondsTo("test/accuracy", reached)).hasValue(10 * (first + 1));
            assertThat(result.secondsTo("test/accuracy", 1.1)).isEmpty();
            assertThat(without.secondsTo("test/accuracy", 0)).isEmpty();
        }
    }

    /** It would not be asked what clients are sent that started in an earlier round. */
    @Test
    void asynchronousRoundsRefuseServersOfYourOwn() {
        assertThatThrownBy(() -> setup().server((composed, parts) -> composed)
                        .algorithm(new Asynchronous(4, 1, 5, (client, round, work) -> 1))
                        .build())
                .hasMessage("server under asynchronous rounds must be the composed one alone, for clients are sent"
                        + " older models than that of the round, but was another around it");
    }

    /**
     * Asynchronously too the clock goes on when nobody can be started, and rounds get their buffer when somebody can
     * again.
     */
    @Test
    void asynchronousRoundsWaitForThoseWhoSleep() {
        Availability mornings = (client, seconds) -> seconds % 1000 <= 100;
        World world = new World((client, round, work) -> 30, mornings, 0);
        List<RoundReport> history = history(setup().rounds(5)
                .algorithm(new Asynchronous(new AsynchronousRules(4, 4, 5, Double.POSITIVE_INFINITY), world)));
        assertThat(history.get(2).metrics().value("time/seconds")).isEqualTo(90);
        assertThat(history.get(3).clients()).as("asleep before they are done").isEmpty();
        assertThat(history.get(4).clients()).hasSize(4);
        assertThat(history.get(4).metrics().value("time/seconds")).isEqualTo(150 + 15 * 60 + 30);
        World lonely = new World((client, round, work) -> 30, (client, seconds) -> client == 3, .5);
        List<RoundReport> ofOne = history(setup().rounds(10)
                .algorithm(new Asynchronous(new AsynchronousRules(4, 1, 5, Double.POSITIVE_INFINITY), lonely)));
        double clock = -1;
        for (RoundReport report : ofOne) {
            assertThat(report.metrics().value("time/seconds")).isGreaterThan(clock);
            clock = report.metrics().value("time/seconds");
        }
        // nobody is there when the window begins, all a minute later
        World late = new World((client, round, work) -> 30, (client, seconds) -> seconds >= 60, 0);
        assertThat(history(setup().rounds(1).algorithm(Asynchronous.windows(4, 600, 5, late)))
                        .get(0)
                        .clients())
                .isNotEmpty();
    }

    /** A selector that wants nobody of those who are idle starts nobody. */
    @Test
    void asynchronousSelectorsMayWantNobody() {
        ClientSelector few = new ClientSelector() {
            @Override
            public List<ClientId> select(
                    ClientDirectory available, int count, RoundContext round, StrategyState state) {
                return FIRST.select(available.where(i -> i < 5), count, round, state);
            }

            @Override
            public boolean choosesCount() {
                return true;
            }
        };
        List<RoundReport> history = history(setup().rounds(3)
                .selector(few)
                .algorithm(new Asynchronous(6, 5, 5, (client, round, work) -> 10 + client.index())));
        assertThat(indices(history.get(0).clients().keySet())).containsExactly(0, 1, 2, 3, 4);
        assertThat(history.get(2).clients()).hasSize(5);
    }

    @Test
    void stalesAreMissed() {
        Map<Integer, Double> heard = new TreeMap<>();
        ClientSelector listening = new ClientSelector() {
            @Override
            public List<ClientId> select(
                    ClientDirectory available, int count, RoundContext round, StrategyState state) {
                return FIRST.select(available, count, round, state);
            }

            @Override
            public StrategyState learned(
                    StrategyState state, RoundPlan plan, List<Receipt> receipts, RoundContext round) {
                receipts.stream()
                        .filter(receipt -> receipt.outcome() == Receipt.Outcome.LATE)
                        .forEach(late ->
                                heard.put(late.client().index(), late.facts().get(ClientTimes.SECONDS)));
                return state;
            }
        };
        history(setup().rounds(60)
                .selector(listening)
                .algorithm(new Asynchronous(4, 1, 1, (client, round, work) -> client.index() == 3 ? 100 : 9)));
        assertThat(heard).containsEntry(3, 100.0);
    }

    @Test
    void combinationsThatMeanNothingAreRefused() {
        World world = new World((client, round, work) -> 10);
        assertThatThrownBy(() ->
                        setup().algorithm(new SynchronousTime(world, 10)).algorithm(new SynchronousTime(world, 10)))
                .hasMessage("simulated clocks of a run must be one, but was two");
        assertThatThrownBy(() -> setup().algorithm(new OverCommitment(4)).build())
                .hasMessage("server under over-commitment must be on a simulated clock, but was one without time");
        SimulationBuilder overCommitted =
                setup().algorithm(new SynchronousTime(world, 10)).algorithm(new OverCommitment(4));
        assertThatThrownBy(() -> overCommitted
                        .updates(UpdatePolicy.all().minimumUpdates(2))
                        .build())
                .hasMessageStartingWith("bufferSize under over-commitment must be 4, but was ");
        assertThatThrownBy(() -> setup().algorithm(
                                new Asynchronous(new AsynchronousRules(3, 5, 5, Double.POSITIVE_INFINITY), world))
                        .updates(UpdatePolicy.all().bufferSize(2))
                        .build())
                .hasMessage(
                        "bufferSize of the update policy must be left out, for the rules of asynchronous rounds have"
                                + " one, but was 2");
    }
}
