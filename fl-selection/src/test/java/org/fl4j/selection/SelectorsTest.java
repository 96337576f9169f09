package org.fl4j.selection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.fl4j.testing.Receipts.accepted;
import static org.fl4j.testing.Receipts.late;
import static org.fl4j.testing.Receipts.learn;

import java.util.ArrayList;
import java.util.List;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientSelector;
import org.fl4j.message.ClientId;
import org.fl4j.message.Facts;
import org.fl4j.message.Receipt;
import org.fl4j.message.RoundContext;
import org.fl4j.message.StrategyState;
import org.fl4j.message.TrainingFacts;
import org.fl4j.random.Seed;
import org.junit.jupiter.api.Test;

class SelectorsTest {
    private static final ClientDirectory TEN = ClientDirectory.ofRange(10, i -> i + 1);

    private static RoundContext round(int number) {
        return new RoundContext(number, new Seed(number), 10);
    }

    private static List<Integer> indices(List<ClientId> clients) {
        return clients.stream().map(ClientId::index).toList();
    }

    private static Facts loss(double loss) {
        return Facts.of(TrainingFacts.LOSS, loss).with(TrainingFacts.SQUARED_LOSS, loss * loss);
    }

    /** One of ten with weights 1 to 10, at six standard errors. */
    @Test
    void weightedDrawsInProportionToExamples() {
        int[] counts = new int[10];
        int rounds = 20_000;
        for (int number = 1; number <= rounds; number++) {
            counts[
                    new WeightedSelector()
                            .select(TEN, 1, round(number), StrategyState.empty())
                            .get(0)
                            .index()]++;
        }
        for (int i = 0; i < 10; i++) {
            double share = (i + 1) / 55.0;
            assertThat(counts[i] / (double) rounds)
                    .isCloseTo(share, within(6 * Math.sqrt(share * (1 - share) / rounds)));
        }
    }

    /** Who was passed over because it was not there comes first next time. */
    @Test
    void turnsGoRound() {
        ClientSelector turns = new RoundRobinSelector();
        StrategyState state = StrategyState.empty();
        List<List<Integer>> cohorts = new ArrayList<>();
        for (int number = 1; number <= 4; number++) {
            int of = number;
            List<ClientId> cohort = turns.select(TEN.where(i -> of != 2 || i != 5), 4, round(number), state);
            cohorts.add(indices(cohort));
            List<Receipt> there = cohort.stream()
                    .map(client -> accepted(client.index(), Facts.none()))
                    .toList();
            state = learn(turns, state, round(number), there);
        }
        assertThat(cohorts)
                .containsExactly(List.of(0, 1, 2, 3), List.of(4, 6, 7, 8), List.of(0, 1, 5, 9), List.of(2, 3, 4, 6));
    }

    @Test
    void filtersCompose() {
        FilteredSelector selector =
                new FilteredSelector(new RoundRobinSelector(), (client, round) -> client.index() > 3);
        assertThat(indices(selector.select(TEN, 3, round(1), StrategyState.empty())))
                .containsExactly(4, 5, 6);
        FilteredSelector both = new FilteredSelector(
                new RoundRobinSelector(),
                selector.criterion().and((client, round) -> TEN.exampleCount(client) % 2 == 0));
        assertThat(indices(both.select(TEN, 9, round(1), StrategyState.empty())))
                .containsExactly(5, 7, 9);
    }

    /** With all ten as candidates: unknown losses first, then the highest, ties by id. */
    @Test
    void powerOfChoiceTakesTheHighestLosses() {
        PowerOfChoice selector = new PowerOfChoice(10);
        assertThat(indices(selector.select(TEN, 3, round(1), StrategyState.empty())))
                .containsExactly(0, 1, 2);
        StrategyState state = StrategyState.empty();
        for (int i = 0; i < 10; i++) {
            state = learn(selector, state, round(1), List.of(accepted(i, loss(i == 4 ? 9 : i % 4))));
        }
        assertThat(indices(selector.select(TEN, 4, round(2), state))).containsExactly(2, 3, 4, 7);
        assertThatThrownBy(() -> new PowerOfChoice(.5))
                .hasMessage("candidates must be at least 1 and finite, but was 0.5");
    }

    /** By hand: losses 2 (round 1) and 1 (rounds 1 and 3) of two clients, discount 0.5, round 4. */
    @Test
    void ucbIsTheDiscountedMeanPlusItsBonus() {
        UcbSelector selector = new UcbSelector(.5);
        RoundContext first = new RoundContext(1, new Seed(1), 2);
        StrategyState state =
                learn(selector, StrategyState.empty(), first, List.of(accepted(0, loss(2)), accepted(1, loss(1))));
        state = learn(selector, state, new RoundContext(3, new Seed(1), 2), List.of(accepted(1, loss(1))));
        assertThat(state.column("ucb/losses").orElseThrow().get(1)).isEqualTo(1.25f); // 1 / 4 + 1
        assertThat(state.column("ucb/turns").orElseThrow().get(1)).isEqualTo(1.25f);
        // without variance the mean decides, times a client's data; of equals the first
        assertTakesTheLarger(selector, state, 2, 1);
        // the bonus turns it for some: client 1 has the lower loss, but client 0 had its turn long ago
        StrategyState varied = state.with("ucb/variance", 4);
        double log = Math.log(1 + .5 + .25);
        assertTakesTheLarger(selector, varied, 2 + Math.sqrt(2 * 4 * log / .25), 1 + Math.sqrt(2 * 4 * log / 1.25));
    }

    /**
     * For up to 30 examples of either client: the one with the larger product of examples and bound is taken in round
     * 4.
     */
    private static void assertTakesTheLarger(UcbSelector selector, StrategyState state, double bound0, double bound1) {
        for (int data0 = 1; data0 <= 30; data0++) {
            for (int data1 = 1; data1 <= 30; data1++) {
                int[] data = {data0, data1};
                ClientDirectory two = ClientDirectory.ofRange(2, i -> data[i]);
                assertThat(indices(selector.select(two, 1, new RoundContext(4, new Seed(1), 2), state)))
                        .as("%d and %d examples", data0, data1)
                        .containsExactly(data1 * bound1 > data0 * bound0 ? 1 : 0);
            }
        }
    }

    /** A quarter of clients is never done in time: they are heard of as missed, and cohorts do not dry up. */
    @Test
    void clientsThatNeverDeliverAreChosenLess() {
        for (ClientSelector selector : List.of(new UcbSelector(), new PowerOfChoice(2), new RoundRobinSelector())) {
            StrategyState state = StrategyState.empty();
            int late = 0;
            ClientDirectory clients = ClientDirectory.ofRange(40, i -> 10);
            for (int number = 1; number <= 60; number++) {
                RoundContext round = new RoundContext(number, new Seed(1), 40);
                List<ClientId> cohort = selector.select(clients, 5, round, state);
                List<Receipt> receipts = new ArrayList<>();
                for (ClientId client : cohort) {
                    boolean slow = client.index() < 10;
                    late += slow && number > 20 ? 1 : 0;
                    receipts.add(
                            slow
                                    ? late(client.index(), 1000)
                                    : accepted(client.index(), loss(1 + client.index() / 100.0)));
                }
                state = learn(selector, state, round, receipts);
            }
            assertThat(late).as(selector.toString()).isLessThanOrEqualTo(55); // 50 of 200 by chance
        }
    }

    /** What a client measured may be anything: an infinite loss changes nothing for ever. */
    @Test
    void infiniteLossesAreNotLearned() {
        UcbSelector ucb = new UcbSelector();
        StrategyState state =
                learn(ucb, StrategyState.empty(), round(1), List.of(accepted(1, loss(Double.POSITIVE_INFINITY))));
        assertThat(state.number("ucb/variance").orElseThrow()).isZero();
        assertThat(state.column("ucb/losses").orElseThrow().get(1)).isZero();
        PowerOfChoice power = new PowerOfChoice(2);
        StrategyState next = learn(power, StrategyState.empty(), round(1), List.of(accepted(1, loss(2))));
        next = learn(power, next, round(2), List.of(accepted(1, loss(Double.NaN))));
        assertThat(next.column("power-of-choice/loss").orElseThrow().get(1)).isEqualTo(2);
    }

    @Test
    void optimalProbabilitiesSumToTheCohortAndStayBelowOne() {
        assertThat(OptimalSelector.probabilities(2, 1, 2, 3, 4))
                .containsExactly(new double[] {.2, .4, .6, .8}, within(1e-12));
        assertThat(OptimalSelector.probabilities(2, 1, 1, 1, 10))
                .containsExactly(new double[] {1 / 3., 1 / 3., 1 / 3., 1}, within(1e-12));
        assertThat(OptimalSelector.probabilities(3, 0, 0, 5, 0))
                .containsExactly(new double[] {2 / 3., 2 / 3., 1, 2 / 3.}, within(1e-12));
        assertThat(OptimalSelector.probabilities(2, 0, 0, 0))
                .containsExactly(new double[] {2 / 3., 2 / 3., 2 / 3.}, within(1e-12));
        assertThat(OptimalSelector.probabilities(2, 7, 7, 7, 0))
                .containsExactly(new double[] {2 / 3., 2 / 3., 2 / 3., 0}, within(1e-12));
        assertThat(OptimalSelector.probabilities(2, 9, 9)).containsExactly(1, 1);
        double[] wide = OptimalSelector.probabilities(2, 1e-6, 3e-6, 1e10);
        assertThat(wide).containsExactly(new double[] {.25, .75, 1}, within(1e-9));
        assertThat(OptimalSelector.probabilities(0, 1, 2)).containsExactly(0, 0);
    }

    /** Of norms 1 to 4 two are drawn with probabilities 0.2 to 0.8, at six standard errors. */
    @Test
    void optimalDrawsWithItsProbabilities() {
        OptimalSelector selector = new OptimalSelector();
        ClientDirectory four = ClientDirectory.ofRange(4, i -> 1);
        StrategyState state = StrategyState.empty();
        for (int i = 0; i < 4; i++) {
            state = learn(
                    selector,
                    state,
                    new RoundContext(1, new Seed(1), 4),
                    List.of(accepted(i, Facts.of(TrainingFacts.UPDATE_NORM, i + 1.0))));
        }
        int[] counts = new int[4];
        int rounds = 20_000;
        for (int number = 1; number <= rounds; number++) {
            for (ClientId client : selector.select(four, 2, new RoundContext(number, new Seed(2), 4), state)) {
                counts[client.index()]++;
            }
        }
        for (int i = 0; i < 4; i++) {
            double share = (i + 1) / 5.0;
            assertThat(counts[i] / (double) rounds)
                    .isCloseTo(share, within(6 * Math.sqrt(share * (1 - share) / rounds)));
        }
    }
}
