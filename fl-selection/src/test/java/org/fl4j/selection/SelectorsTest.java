package org.fl4j.selection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import org.fl4j.core.ClientDirectory;
import org.fl4j.core.ClientId;
import org.fl4j.core.ClientSelector;
import org.fl4j.core.RoundContext;
import org.fl4j.core.StrategyState;
import org.fl4j.metrics.Metric;
import org.fl4j.metrics.Metrics;
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

    private static Metrics loss(double loss) {
        return new Metrics(Map.of("train/loss", new Metric(loss, 1), "train/squared loss", new Metric(loss * loss, 1)));
    }

    /** One of ten with weights 1 to 10, at six standard errors. */
    @Test
    void weightedDrawsInProportionToExamples() {
        int[] counts = new int[10];
        int rounds = 20_000;
        for (int number = 1; number <= rounds; number++) {
            counts[new WeightedSelector().select(TEN, 1, round(number)).get(0).index()]++;
        }
        for (int i = 0; i < 10; i++) {
            double share = (i + 1) / 55.0;
            assertThat(counts[i] / (double) rounds)
                    .isCloseTo(share, within(6 * Math.sqrt(share * (1 - share) / rounds)));
        }
    }

    @Test
    void turnsGoRound() {
        ClientSelector turns = new RoundRobinSelector();
        assertThat(indices(turns.select(TEN, 4, round(1)))).containsExactly(0, 1, 2, 3);
        assertThat(indices(turns.select(TEN, 4, round(2)))).containsExactly(4, 5, 6, 7);
        assertThat(indices(turns.select(TEN, 4, round(3)))).containsExactly(0, 1, 8, 9);
        assertThat(indices(turns.select(TEN.where(i -> i != 5), 4, round(2)))).containsExactly(4, 6, 7, 8);
    }

    @Test
    void filtersCompose() {
        FilteredSelector selector =
                new FilteredSelector(new RoundRobinSelector(), (client, round) -> client.index() > 3);
        assertThat(indices(selector.select(TEN, 3, round(1)))).containsExactly(4, 5, 6);
        FilteredSelector both = new FilteredSelector(
                new RoundRobinSelector(),
                selector.criterion().and((client, round) -> TEN.exampleCount(client) % 2 == 0));
        assertThat(indices(both.select(TEN, 9, round(1)))).containsExactly(5, 7, 9);
    }

    /** With all ten as candidates: unknown losses first, then the highest, ties by id. */
    @Test
    void powerOfChoiceTakesTheHighestLosses() {
        PowerOfChoice selector = new PowerOfChoice(10);
        assertThat(indices(selector.select(TEN, 3, round(1), StrategyState.empty())))
                .containsExactly(0, 1, 2);
        StrategyState state = StrategyState.empty();
        for (int i = 0; i < 10; i++) {
            state = selector.learned(state, round(1), Map.of(new ClientId(i), loss(i == 4 ? 9 : i % 4)));
        }
        assertThat(indices(selector.select(TEN, 4, round(2), state))).containsExactly(2, 3, 4, 7);
        assertThatThrownBy(() -> new PowerOfChoice(.5))
                .hasMessage("candidates must be at least 1 and finite, but was 0.5");
    }

    /** By hand: losses 2 (round 1) and 1 (rounds 1 and 3) of two clients with equal data, discount .5, round 4. */
    @Test
    void ucbIsTheDiscountedMeanPlusItsBonus() {
        UcbSelector selector = new UcbSelector(.5);
        ClientDirectory two = ClientDirectory.ofRange(2, i -> 1);
        RoundContext first = new RoundContext(1, new Seed(1), 2);
        StrategyState state = selector.learned(
                StrategyState.empty(), first, Map.of(new ClientId(0), loss(2), new ClientId(1), loss(1)));
        state = selector.learned(state, new RoundContext(3, new Seed(1), 2), Map.of(new ClientId(1), loss(1)));
        // without variance the mean decides
        assertThat(indices(selector.select(two, 1, new RoundContext(4, new Seed(1), 2), state)))
                .containsExactly(0);
        assertThat(state.column("ucb/losses").orElseThrow().get(1)).isEqualTo(1.25f); // 1 / 4 + 1
        assertThat(state.column("ucb/turns").orElseThrow().get(1)).isEqualTo(1.25f);
        // with variance, who was not chosen for long: N of client 0 is 1/8 in round 4, of client 1 5/8
        StrategyState varied = state.with("ucb/variance", 4);
        double log = Math.log(1 + .5 + .25);
        double bound0 = 2 + Math.sqrt(2 * 4 * log / .125);
        double bound1 = 1 + Math.sqrt(2 * 4 * log / .625);
        assertThat(bound0).isGreaterThan(bound1);
        assertThat(indices(selector.select(two, 1, new RoundContext(4, new Seed(1), 2), varied)))
                .containsExactly(0);
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
        assertThat(OptimalSelector.probabilities(0, 1, 2)).containsExactly(0, 0);
    }

    /** Of norms 1 to 4 two are drawn with probabilities .2 to .8, at six standard errors. */
    @Test
    void optimalDrawsWithItsProbabilities() {
        OptimalSelector selector = new OptimalSelector();
        ClientDirectory four = ClientDirectory.ofRange(4, i -> 1);
        StrategyState state = StrategyState.empty();
        for (int i = 0; i < 4; i++) {
            state = selector.learned(
                    state,
                    new RoundContext(1, new Seed(1), 4),
                    Map.of(new ClientId(i), Metrics.of("train/update norm", i + 1, 1)));
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
