package org.fl4j.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.types.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.fl4j.client.LocalTraining;
import org.fl4j.client.SgdClient;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.ListAggregator;
import org.fl4j.data.Dataset;
import org.fl4j.data.Digits;
import org.fl4j.data.Partitioners;
import org.fl4j.fixture.Replays;
import org.fl4j.message.ClientColumn;
import org.fl4j.message.ClientId;
import org.fl4j.message.Receipt;
import org.fl4j.message.Rejection;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.RoundContext;
import org.fl4j.message.RoundPlan;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.LocalModel;
import org.fl4j.model.Models;
import org.fl4j.random.Seed;
import org.fl4j.server.AsynchronousRules;
import org.fl4j.server.UpdatePolicy;
import org.fl4j.world.Availability;
import org.fl4j.world.ClientTimes;
import org.fl4j.world.DeviceProfile;
import org.fl4j.world.DeviceProfiles;
import org.fl4j.world.DiurnalAvailability;
import org.fl4j.world.World;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** Runs in a simulated world: who is there, who drops out, who is waited for, and what selectors hear of it. */
@Isolated("counts the native arrays of the whole process, by Replays")
class SimulatedWorldTest {
    private static final int CLIENTS = 20;
    private static final ClientSelector FIRST =
            (available, count, round, state) -> IntStream.range(0, Math.min(count, available.size()))
                    .mapToObj(available::id)
                    .toList();
    private static Dataset digits;

    @TempDir
    Path directory;

    @BeforeAll
    static void generate() {
        digits = Digits.generate(400, 40, new Seed(1));
    }

    @AfterAll
    static void free() {
        digits.close();
    }

    private static SimulationBuilder setup() {
        return Simulation.builder()
                .task(Models.softmaxRegression(new Shape(1, 28, 28), 10))
                .data(digits.federated(
                        Partitioners.iid().partition(digits.train().classIndices(), CLIENTS, new Seed(1))))
                .testData(digits.test())
                .training(LocalTraining.sgd(.1).epochs(2))
                .selector(FIRST)
                .aggregator(new ListAggregator(updates -> updates.get(0).delta()))
                .cohortSize(5)
                .rounds(4)
                .seed(3);
    }

    /** Has a run count the clients that train. */
    private static SimulationBuilder counting(SimulationBuilder run, AtomicInteger trained) {
        return run.sgdClients((id, worker, training) -> new SgdClient(id, worker, training) {
            @Override
            protected void beforeTraining(TrainingTask task, LocalModel model) {
                trained.incrementAndGet();
            }
        });
    }

    private static List<RoundReport> history(SimulationBuilder run) {
        try (RunResult result = run.build().run()) {
            return result.history();
        }
    }

    private static List<Integer> indices(Iterable<ClientId> clients) {
        List<Integer> indices = new ArrayList<>();
        clients.forEach(client -> indices.add(client.index()));
        return indices;
    }

    /** 7850 float32 parameters each way, 20 examples twice: 31,400 / 1000 + 40 x .5 + 31,400 / 500. */
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
                        "available clients must be one at least within 100000 minutes of simulated second 0.0, but was 0");
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
