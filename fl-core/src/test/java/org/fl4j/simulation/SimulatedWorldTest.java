package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.fl4j.client.LocalTraining;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientSelector;
import org.fl4j.message.ClientColumn;
import org.fl4j.message.ClientId;
import org.fl4j.message.Receipt;
import org.fl4j.message.Rejection;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.StrategyState;
import org.fl4j.world.Availability;
import org.fl4j.world.ClientTimes;
import org.fl4j.world.DeviceProfile;
import org.fl4j.world.DeviceProfiles;
import org.fl4j.world.World;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Runs in a simulated world: who is there, who drops out, who is waited for, and what selectors hear of it. */
@Isolated("counts the native arrays of the whole process, by Replays")
class SimulatedWorldTest extends SimulatedWorldSetup {
    /** 7850 float32 parameters each way, 20 examples twice: 31,400 / 1000 + 40 x 0.5 + 31,400 / 500. */
    @Test
    void durationsAreOfTheRealModelAndTheRealSteps() {
        World world =
                new World(DeviceProfiles.same(new DeviceProfile(.5, 1000, 500)).durations());
        RoundReport first = history(setup().algorithm(new SynchronousTime(world, Double.POSITIVE_INFINITY)))
                .get(0);
        assertThat(first.metrics().value("time/round seconds")).isCloseTo(31.4 + 20 + 62.8, within(1e-9));
        assertThat(first.clients().get(new ClientId(0)).value("time/client seconds"))
                .isCloseTo(114.2, within(1e-9));
        assertThat(history(setup().training(LocalTraining.sgd(.1).steps(3).batchSize(8))
                                .algorithm(new SynchronousTime(world, Double.POSITIVE_INFINITY)))
                        .get(0)
                        .metrics()
                        .value("time/round seconds"))
                .as("20 examples in batches of 8, 8 and 4")
                .isCloseTo(31.4 + 10 + 62.8, within(1e-9));
    }

    @Test
    void examplesSeenAreThoseOfTheSchedule() {
        assertThat(LocalTraining.sgd(1).steps(4).batchSize(8).examplesSeen(20)).isEqualTo(28);
        assertThat(LocalTraining.sgd(1).steps(2).batchSize(8).examplesSeen(20)).isEqualTo(16);
        assertThat(LocalTraining.sgd(1).steps(5).fullBatch().examplesSeen(20)).isEqualTo(100);
        assertThat(LocalTraining.sgd(1).epochs(3).examplesSeen(7)).isEqualTo(21);
        assertThat(LocalTraining.sgd(1).steps(5).examplesSeen(0)).isZero();
    }

    /** 1.3 times ten is thirteen; the ten fastest are kept, and the others not trained. */
    @Test
    void overCommitmentKeepsTheFastest() {
        SimulationBuilder run = setup().algorithm(
                        new SynchronousTime((client, round, work) -> 100 - client.index(), Double.POSITIVE_INFINITY))
                .algorithm(new OverCommitment(10));
        AtomicInteger trained = new AtomicInteger();
        for (RoundReport report : history(counting(run, trained).workers(1))) {
            assertThat(report.cohort()).hasSize(13);
            assertThat(indices(report.clients().keySet())).containsExactly(3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
            assertThat(report.metrics().value("time/round seconds")).isEqualTo(97);
        }
        assertThat(trained).as("ten in each of four rounds").hasValue(40);
        assertThatThrownBy(() -> new OverCommitment(10, .9))
                .hasMessage("factor must be at least 1 and finite, but was 0.9");
    }

    /**
     * Clients are there every other minute by turns: even ones first. The round after the first starts when somebody is
     * there.
     */
    @Test
    void onlyThoseWhoAreThereAreChosenAndRoundsWaitForThem() {
        Availability minutes = (client, seconds) -> client < 6 && (int) (seconds / 300) % 2 == client % 2;
        World world = new World((client, round, work) -> 250, minutes, 0);
        List<RoundReport> history = history(setup().algorithm(new SynchronousTime(world, Double.POSITIVE_INFINITY)));
        assertThat(indices(history.get(0).cohort())).containsExactly(0, 2, 4);
        assertThat(history.get(0).metrics().value("time/seconds")).isEqualTo(250);
        // at 250 s the even ones are there, but not at 500 s: all drop out, noticed at once
        assertThat(history.get(1).cohort()).isEmpty();
        assertThat(history.get(1).rejected())
                .hasSize(3)
                .extracting(Rejection::reason)
                .containsOnly(RejectionReason.DROPPED_OUT);
        // nobody came, so the round lasted a minute, and the next one begins when odd ones are there
        assertThat(history.get(1).metrics().value("time/seconds")).isEqualTo(310);
        assertThat(indices(history.get(2).cohort())).containsExactly(1, 3, 5);
        World never = new World((client, round, work) -> 1, (client, seconds) -> false, 0);
        Simulation lonely = setup().algorithm(new SynchronousTime(never, 10)).build();
        assertThatThrownBy(lonely::run)
                .hasMessageEndingWith(
                        "available clients must be one at least within 100000 minutes of simulated second 0.0,"
                                + " but was 0");
        World later = new World((client, round, work) -> 1, (client, seconds) -> seconds >= 1000, 0);
        assertThat(history(setup().rounds(1).algorithm(new SynchronousTime(later, 10)))
                        .get(0)
                        .metrics()
                        .value("time/seconds"))
                .isEqualTo(17 * 60 + 1);
    }

    @Test
    void dropOutsAreNotTrainedAndNotWaitedFor() {
        World world = new World((client, round, work) -> 1 + client.index(), Availability.always(), .4);
        int lost = 0;
        int arrived = 0;
        AtomicInteger trained = new AtomicInteger();
        SimulationBuilder run = setup().rounds(20).algorithm(new SynchronousTime(world, 100));
        for (RoundReport report : history(counting(run, trained))) {
            arrived += report.clients().size();
            assertThat(report.cohort().size() + report.rejected().size()).isEqualTo(5);
            lost += report.rejected().size();
            assertThat(report.metrics().value("time/round seconds"))
                    .isEqualTo(report.cohort().stream()
                            .mapToDouble(client -> 1 + client.index())
                            .max()
                            .orElse(60));
        }
        assertThat(lost).isBetween(15, 65); // 40 of 100 expected
        assertThat(trained).hasValue(arrived);
    }

    /** What a selector hears: how long accepted clients took, who was too late, not needed, or lost. */
    @Test
    void selectorsHearOfEveryone() {
        Map<String, Map<Integer, Double>> heard = new TreeMap<>();
        ClientSelector listening = new ClientSelector() {
            @Override
            public List<ClientId> select(
                    ClientDirectory available, int count, RoundContext round, StrategyState state) {
                return FIRST.select(available, count, round, state);
            }

            @Override
            public StrategyState learned(
                    StrategyState state, RoundPlan plan, List<Receipt> receipts, RoundContext round) {
                receipts.forEach(
                        receipt -> heard.computeIfAbsent(receipt.outcome().toString(), any -> new TreeMap<>())
                                .put(receipt.client().index(), receipt.facts().get(ClientTimes.SECONDS)));
                ClientColumn column = state.column("heard").orElseGet(() -> ClientColumn.filled(CLIENTS, 0));
                int[] clients = receipts.stream()
                        .filter(receipt -> receipt.outcome() == Receipt.Outcome.ACCEPTED)
                        .mapToInt(receipt -> receipt.client().index())
                        .toArray();
                float[] rounds = new float[clients.length];
                Arrays.fill(rounds, round.number());
                return state.with("heard", column.with(clients, rounds));
            }
        };
        SimulationBuilder run = setup().rounds(1)
                .selector(listening)
                .algorithm(new SynchronousTime((client, round, work) -> 1 + 10 * client.index(), 25))
                .algorithm(new OverCommitment(2, 2.5));
        List<RoundReport> history = history(run);
        assertThat(heard.get("ACCEPTED")).isEqualTo(Map.of(0, 1.0, 1, 11.0));
        assertThat(heard.get("LATE")).isEqualTo(Map.of(2, 21.0, 3, 31.0, 4, 41.0));
        assertThat(history.get(0).metrics().value("time/round seconds")).isEqualTo(11);
        // and what it learned is in checkpoints
        history(run.rounds(2).checkpoints(directory, 1));
        try (RunResult resumed = run.rounds(3).resume(true).build().run()) {
            assertThat(resumed.state().strategy().column("heard").orElseThrow().toArray())
                    .startsWith(3, 3, 0)
                    .hasSize(CLIENTS);
        }
    }

    /** Windows of 10 s: whoever is done is taken, the others go on; client i takes 4 + 3 i seconds. */
    @Test
    void windowsTakeWhatArrivedAndLeaveTheOthersAtWork() {
        World world = new World((client, round, work) -> 4 + 3 * client.index());
        SimulationBuilder run = setup().rounds(6).algorithm(Asynchronous.windows(4, 10, 5, world));
        List<RoundReport> history = history(run);
        for (int i = 0; i < history.size(); i++) {
            assertThat(history.get(i).metrics().value("time/seconds")).isEqualTo(10 * (i + 1));
        }
        // at 0 s clients 0 to 3 start; 0 is done at 4 (client 4 follows), 1 at 7 (client 5), 2 at 10 (client 6)
        assertThat(indices(history.get(0).cohort())).containsExactly(0, 1, 2);
        // 3 is done at 13; then client 0 starts anew at 10, done at 14, and so on
        assertThat(indices(history.get(1).cohort())).startsWith(3);
        assertThat(history.get(1).clients().get(new ClientId(3)).value("time/client end"))
                .isEqualTo(13);
        try (RunResult one = run.workers(1).build().run();
                RunResult three = run.workers(3).build().run()) {
            assertThat(three.stateSha256()).isEqualTo(one.stateSha256());
        }
        List<RoundReport> shortOnes = history(setup().rounds(6).algorithm(Asynchronous.windows(4, 1, 9, world)));
        assertThat(shortOnes.get(0).cohort())
                .as("nobody is done in the first second")
                .isEmpty();
        assertThat(shortOnes.get(3).cohort()).containsExactly(new ClientId(0));
        assertThat(shortOnes.get(5).metrics().value("time/seconds")).isEqualTo(6);
    }
}
