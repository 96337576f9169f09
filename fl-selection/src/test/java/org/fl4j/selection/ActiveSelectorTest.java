package org.fl4j.selection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.fl4j.core.ClientDirectory;
import org.fl4j.message.ClientColumn;
import org.fl4j.message.ClientId;
import org.fl4j.message.RoundContext;
import org.fl4j.message.StrategyState;
import org.fl4j.random.Seed;
import org.junit.jupiter.api.Test;

class ActiveSelectorTest {
    private static final int TRIALS = 20_000;
    private static final float NEVER = Float.POSITIVE_INFINITY;

    /** Returns how often each of four clients, with 1, 4, 9 and 16 examples, is the one that is chosen. */
    private static double[] shares(ActiveSelector selector, float... losses) {
        ClientDirectory clients = ClientDirectory.ofRange(4, i -> (i + 1) * (i + 1));
        StrategyState state = StrategyState.empty().with("active/loss", ClientColumn.of(losses));
        double[] shares = new double[4];
        for (int trial = 0; trial < TRIALS; trial++) {
            for (ClientId client : selector.select(clients, 1, new RoundContext(1, new Seed(trial), 4), state)) {
                shares[client.index()] += 1.0 / TRIALS;
            }
        }
        return shares;
    }

    private static double[] normalised(double... weights) {
        double sum = Arrays.stream(weights).sum();
        return Arrays.stream(weights).map(weight -> weight / sum).toArray();
    }

    /** Values are 1 * 4, 2 * 1, 3 * 2 and 4 * 0.5; a quarter, the first of the two lowest, is cut. Six deviations. */
    @Test
    void drawsByTheSoftmaxOfValues() {
        double[] expected = normalised(Math.exp(.3 * 4), 0, Math.exp(.3 * 6), Math.exp(.3 * 2));
        assertThat(shares(new ActiveSelector(.25, .3, 0), 4, 1, 2, .5f)).containsExactly(expected, within(.022));
        assertThat(shares(new ActiveSelector(.5, 0, 0), 4, 1, 2, .5f))
                .containsExactly(new double[] {.5, 0, .5, 0}, within(.022));
    }

    @Test
    void exploresAlsoThoseThatAreCut() {
        assertThat(shares(new ActiveSelector(.5, 5, 1), 4, 1, 2, .5f))
                .containsExactly(new double[] {.25, .25, .25, .25}, within(.022));
    }

    /** Who never trained counts as the highest, 6. */
    @Test
    void whoNeverTrainedIsNotCut() {
        double[] expected = normalised(0, Math.exp(6), Math.exp(6), Math.exp(6));
        assertThat(shares(new ActiveSelector(.25, 1, 0), 4, NEVER, 2, NEVER)).containsExactly(expected, within(.022));
        assertThat(shares(new ActiveSelector(0, 1, 0), NEVER, NEVER, NEVER, NEVER))
                .containsExactly(new double[] {.25, .25, .25, .25}, within(.022));
    }

    @Test
    void refusesNumbersThatMakeNoSense() {
        assertThatThrownBy(() -> new ActiveSelector(1, 0, 0)).hasMessageStartingWith("cut must be");
        assertThatThrownBy(() -> new ActiveSelector(0, -1, 0)).hasMessageStartingWith("sharpness must be");
        assertThatThrownBy(() -> new ActiveSelector(0, 0, 1.5))
                .hasMessage("exploration must be in [0, 1], but was 1.5");
        assertThat(new ActiveSelector()).isEqualTo(new ActiveSelector(.75, .01, .1));
    }
}
