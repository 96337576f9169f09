package org.fl4j.selection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.fl4j.testing.Receipts.accepted;
import static org.fl4j.testing.Receipts.droppedOut;
import static org.fl4j.testing.Receipts.late;
import static org.fl4j.testing.Receipts.learn;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.fl4j.core.ClientDirectory;
import org.fl4j.message.ClientId;
import org.fl4j.message.Facts;
import org.fl4j.message.RoundContext;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingFacts;
import org.fl4j.random.Seed;
import org.fl4j.world.ClientTimes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OortSelectorTest {
    private static RoundContext round(int number, int clients) {
        return new RoundContext(number, new Seed(7), clients);
    }

    private static Facts seen(double utility, double seconds) {
        return losses(1, utility * utility).with(ClientTimes.SECONDS, seconds);
    }

    private static Facts losses(long examples, double squared) {
        return Facts.of(TrainingFacts.EXAMPLES_SEEN, examples).with(TrainingFacts.SQUARED_LOSS, squared);
    }

    private static StrategyState learned(
            OortSelector oort, StrategyState state, int round, int client, double... seen) {
        return learn(oort, state, round(round, 10), List.of(accepted(client, seen(seen[0], seen[1]))));
    }

    /** Scores, preferred duration and normalisation as FedScale's own code gives them. */
    @Test
    void scoresAreFedScales() {
        int[] registered = {0, 0, 0, 0, 0, 0, 7, 8, 9, 10};
        OortSelector oort = new OortSelector(OortSettings.fedScale(), Optional.of(client -> registered[client]));
        StrategyState state = StrategyState.empty();
        double[][] played = {{5, 2, 1}, {20, 4, 2}, {45, 6, 2}, {80, 8, 3}, {125, 10, 3}, {180, 12, 4}};
        for (int client = 0; client < 6; client++) {
            state = learned(oort, state, (int) played[client][2], client, played[client][0], played[client][1]);
        }
        int[] examples = {1, 1, 1, 1, 1, 1, 70, 80, 90, 100};
        OortSelector.Arms arms =
                oort.new Arms(ClientDirectory.ofRange(10, client -> examples[client]), round(5, 10), state);
        assertThat(arms.preferredSeconds()).isEqualTo(7);
        double[] expected = {.401206575, .369416095, .512269156, .505471737, .449498312, .408533758};
        for (int client = 0; client < 6; client++) {
            assertThat(arms.score(client)).as("client " + client).isCloseTo(expected[client], within(1e-6)); // float32
        }
        assertThat(arms.explorationWeight(6)).isEqualTo(70);
        assertThat(arms.explorationWeight(9)).isCloseTo(100 * .49, within(1e-9));
        assertThat(arms.candidates(2))
                .containsExactly(6, 7, 8, 9); // 70, 61.25, 54.4, 49: all, for 5 are looked at for each
        assertThat(arms.pool(2)).hasSize(6);
    }

    @ParameterizedTest
    @CsvSource({"1, .882", "2, .8644", "10, .7354", "50, .3278", "54, .3023", "55, .3", "200, .3"})
    void explorationShrinks(int selections, double expected) {
        assertThat(OortSettings.fedScale().explorationIn(selections)).isCloseTo(expected, within(5e-5));
    }

    /** Flat utility lets slower clients in, a large change shuts them out, in between nothing happens. */
    @ParameterizedTest
    @CsvSource({
        "10, 100, 105, 15",
        "10, 100, 111, 10",
        "10, 100, 650, 5",
        "10, 100, 88, 10",
        "98, 100, 100, 100",
        "7, 1, 50, 5",
        "10, 0, 0, 15"
    })
    void thePacerMovesThePercentile(double percentile, double before, double window, double expected) {
        assertThat(Pacer.next(percentile, before, window, 5)).isEqualTo(expected);
    }

    /** Windows of three rounds: sums 6, 6 (flat: up), 60 (more than five times as much: down), 61 (flat: up). */
    @Test
    void thePacerLooksAtWholeWindows() {
        OortSettings settings = new OortSettings(
                .9, .98, .3, 30, 5, 3, 2, .9, .05, 10, 5, Integer.MAX_VALUE, .3, .1, OortUtility.ALL_LOSSES);
        double[] utilities = {1, 2, 3, 2, 2, 2, 20, 20, 20, 20, 20, 21, 0};
        double[] expected = {30, 30, 30, 30, 30, 35, 35, 35, 30, 30, 30, 35, 35};
        StrategyState state = StrategyState.empty();
        for (int i = 0; i < utilities.length; i++) {
            state = Pacer.after(state, i + 1, utilities[i], settings);
            assertThat(Pacer.percentile(state, settings))
                    .as("after round " + (i + 1))
                    .isEqualTo(expected[i]);
        }
    }

    /** Only clients that took part before count for the pacer: the explored ones tell nothing of the last choice. */
    @Test
    void thePacerCountsClientsThatWereExploited() {
        OortSelector oort = new OortSelector(OortSettings.paper());
        StrategyState state = learned(oort, StrategyState.empty(), 1, 3, 8, 1);
        assertThat(state.number("oort/window")).hasValue(0.0);
        StrategyState next =
                learn(oort, state, round(2, 10), List.of(accepted(3, seen(6, 1)), accepted(4, seen(50, 1))));
        assertThat(next.number("oort/window").orElseThrow()).isCloseTo(6, within(1e-6));
    }

    @Test
    void utilityIsOfAllLossesOrOfTheLastBatch() {
        Facts measured = losses(20, 4).with(TrainingFacts.LAST_SQUARED_LOSS, 9.0);
        assertThat(OortUtility.ALL_LOSSES.of(measured)).hasValue(20 * 2);
        assertThat(OortUtility.LAST_BATCH.of(measured)).hasValue(20 * 3);
        assertThat(OortUtility.ALL_LOSSES.of(Facts.none())).isEmpty();
        assertThat(OortUtility.ALL_LOSSES.of(losses(1, Double.POSITIVE_INFINITY)))
                .isEmpty();
    }

    /** Who was too slow, or dropped out, stays unexplored; how slow it was is known. */
    @Test
    void stragglersAreNotExplored() {
        OortSelector oort = new OortSelector(OortSettings.paper());
        StrategyState state = learn(oort, StrategyState.empty(), round(1, 10), List.of(late(2, 500), droppedOut(5)));
        assertThat(state.column("oort/seconds").orElseThrow().get(2)).isEqualTo(500);
        assertThat(state.column("oort/seconds").orElseThrow().get(5)).isZero();
        assertThat(state.column("oort/turns").orElseThrow().toArray()).containsOnly(0);
        OortSelector.Arms arms = oort.new Arms(ClientDirectory.ofRange(10, i -> 4), round(2, 10), state);
        assertThat(arms.candidates(10)).hasSize(10);
    }

    /** After more turns than allowed clients are passed over, as long as there are others. */
    @Test
    void theBlacklistIsThereAndHasItsBound() {
        OortSelector oort =
                new OortSelector(OortSettings.paper().exploration(0, 1, 0).blacklist(2, .3));
        StrategyState state = StrategyState.empty();
        for (int turn = 1; turn <= 5; turn++) {
            for (int client = 0; client < 5; client++) {
                if (turn <= 5 - client) {
                    state = learned(oort, state, turn, client, 10, 1);
                }
            }
        }
        // turns 5, 4, 3, 2, 1: three are above two, and three of ten may be on the list
        List<ClientId> cohort = oort.select(ClientDirectory.ofRange(10, i -> 1), 7, round(6, 10), state);
        assertThat(cohort).extracting(ClientId::index).containsExactly(3, 4, 5, 6, 7, 8, 9);
        List<ClientId> more = oort.select(ClientDirectory.ofRange(10, i -> 1), 9, round(6, 10), state);
        assertThat(more).hasSize(9).contains(new ClientId(3), new ClientId(4), new ClientId(9));
    }

    /**
     * Without exploration and with sharp utilities, those with high losses are chosen far more often than those with
     * low ones.
     */
    @Test
    void prefersUsefulAndFastClients() {
        OortSelector oort =
                new OortSelector(OortSettings.paper().exploration(0, 1, 0).speed(40, 2));
        StrategyState state = StrategyState.empty();
        for (int client = 0; client < 100; client++) {
            double utility = client < 50 ? 100 : 1;
            double seconds = client % 2 == 0 ? 1 : 100;
            state = learn(oort, state, round(1, 100), List.of(accepted(client, seen(utility, seconds))));
        }
        int useful = 0;
        int fast = 0;
        for (int number = 2; number < 102; number++) {
            for (ClientId client : oort.select(ClientDirectory.ofRange(100, i -> 1), 10, round(number, 100), state)) {
                useful += client.index() < 50 ? 1 : 0;
                fast += client.index() % 2 == 0 ? 1 : 0;
            }
        }
        assertThat(useful).isGreaterThan(950);
        assertThat(fast).isGreaterThan(950);
    }

    @Test
    void explorationTakesThoseWithMostExamples() {
        OortSelector oort = new OortSelector(OortSettings.paper().exploration(1, 1, 1));
        List<ClientId> cohort =
                oort.select(ClientDirectory.ofRange(1000, i -> i), 10, round(1, 1000), StrategyState.empty());
        assertThat(cohort).allMatch(client -> client.index() >= 950); // five are looked at for each
    }

    @Test
    void settingsAreChecked() {
        assertThatThrownBy(() -> OortSettings.paper().exploration(1.5, 1, 0))
                .hasMessage("exploration must be in [0, 1], but was 1.5");
        assertThatThrownBy(() -> OortSettings.paper().speed(101, 1))
                .hasMessage("speedPercentile must be in [0, 100], but was 101.0");
        assertThatThrownBy(() -> OortSettings.paper().blacklist(0, .3))
                .hasMessage("mostTurns must be at least 1, but was 0");
    }

    @Test
    void orderStatisticsAreThoseOfASortedArray() {
        for (int run = 0; run < 200; run++) {
            var random = new Seed(run).generator();
            float[] values = new float[1 + random.nextInt(50)];
            for (int i = 0; i < values.length; i++) {
                values[i] = random.nextInt(10);
            }
            float[] sorted = values.clone();
            Arrays.sort(sorted);
            int rank = random.nextInt(values.length);
            assertThat(Ranking.statistic(values, values.length, rank)).isEqualTo(sorted[rank]);
        }
    }

    /**
     * One client at a time, as asynchronous rounds ask for them: the share that is explored is that of the settings.
     */
    @Test
    void exploresWhenOneIsAskedFor() {
        OortSelector oort = new OortSelector(OortSettings.paper().exploration(.3, 1, .3));
        StrategyState state = learned(oort, StrategyState.empty(), 1, 3, 8, 1);
        int explored = 0;
        for (int number = 2; number < 1002; number++) {
            explored += oort.select(ClientDirectory.ofRange(10, i -> 1), 1, round(number, 10), state)
                                    .get(0)
                                    .index()
                            == 3
                    ? 0
                    : 1;
        }
        assertThat(explored).isBetween(215, 385); // six standard errors of .3
    }

    /** When nobody is left to explore, cohorts are exploited: useless clients are hardly ever drawn. */
    @Test
    void exploitsWhenAllAreExplored() {
        OortSelector oort = new OortSelector(OortSettings.paper());
        StrategyState state = StrategyState.empty();
        for (int client = 0; client < 200; client++) {
            state = learn(oort, state, round(1, 200), List.of(accepted(client, seen(client < 100 ? 100 : 1, 1))));
        }
        int useless = 0;
        for (int number = 2; number < 102; number++) {
            for (ClientId client : oort.select(ClientDirectory.ofRange(200, i -> 1), 20, round(number, 200), state)) {
                useless += client.index() < 100 ? 0 : 1;
            }
        }
        assertThat(useless).isLessThan(20); // of 2000
    }

    /** A client without any loss teaches nothing, however rare that is. */
    @Test
    void clientsWithoutLossAreNotPreferred() {
        OortSelector oort = new OortSelector(OortSettings.paper().exploration(0, 1, 0));
        StrategyState state = StrategyState.empty();
        for (int client = 0; client < 100; client++) {
            state = learn(
                    oort,
                    state,
                    round(1, 100),
                    List.of(accepted(client, seen(client < 10 ? 0 : 1 + client / 1000.0, 1))));
        }
        int idle = 0;
        for (int number = 2; number < 102; number++) {
            for (ClientId client : oort.select(ClientDirectory.ofRange(100, i -> 1), 10, round(number, 100), state)) {
                idle += client.index() < 10 ? 1 : 0;
            }
        }
        assertThat(idle).isZero();
    }

    /** The cut-off of FedScale's preset: of thirty, those above it and 10 x needed + 1 at least, and no more. */
    @Test
    void thePoolIsCutOffOnlyWhenItIsLargeEnough() {
        OortSelector oort = new OortSelector(OortSettings.fedScale());
        StrategyState state = StrategyState.empty();
        for (int client = 0; client < 30; client++) {
            state = learn(oort, state, round(1, 30), List.of(accepted(client, seen(100 - 3 * client, 1))));
        }
        OortSelector.Arms arms = oort.new Arms(ClientDirectory.ofRange(30, i -> 1), round(2, 30), state);
        assertThat(arms.pool(2)).as("cut-off at 5 % of the third score").hasSize(30);
        OortSelector strict = new OortSelector(new OortSettings(
                .9, .98, .3, 30, 5, 20, 2, .9, 1, 10, 5, Integer.MAX_VALUE, .3, 0, OortUtility.ALL_LOSSES));
        OortSelector.Arms cut = strict.new Arms(ClientDirectory.ofRange(30, i -> 1), round(2, 30), state);
        assertThat(cut.pool(2)).as("cut-off at the third score, 21 at least").hasSize(21);
        assertThat(cut.pool(1)).hasSize(11);
    }

    @Test
    void refusesRoundsThatTellNothing() {
        OortSelector oort = new OortSelector(OortSettings.paper());
        assertThatThrownBy(() ->
                        learn(oort, StrategyState.empty(), round(1, 10), List.of(accepted(1, losses(1, Double.NaN)))))
                .hasMessage(
                        "clients of a round under Oort that measured finite losses must be one at least, or there is"
                                + " nothing to choose by, but was 0");
    }
}
