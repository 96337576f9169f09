package org.fl4j.monitoring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.fl4j.monitoring.AdaptationRule.Adaptation;
import org.junit.jupiter.api.Test;

class AdaptationRuleTest {
    private static final long PLENTY = 8L << 30;
    private static final ResourceUsage IDLE = ResourceUsage.of(.2, .3, PLENTY);
    private static final ResourceUsage BUSY = ResourceUsage.of(.9, .3, PLENTY);
    private static final ResourceUsage FULL = ResourceUsage.of(.2, .75, PLENTY);
    private static final ResourceUsage SHORT = ResourceUsage.of(.2, .3, 1L << 30);

    private static List<Integer> batches(AdaptationRule rule, int own, ResourceUsage... script) {
        List<Integer> batches = new ArrayList<>();
        int batch = own;
        for (ResourceUsage usage : script) {
            batch = rule.next(batch, own, /* largestClient= */ 25, usage).batchSize();
            batches.add(batch);
        }
        return batches;
    }

    /**
     * By hand, from the original's rules: processors over 80 % or memory over 70 % halve, to 1; otherwise double, to
     * all the data.
     */
    @Test
    void halvesAndDoublesAsTheOriginal() {
        assertThat(batches(
                        AdaptationRule.fedscale(),
                        10,
                        BUSY,
                        FULL,
                        SHORT,
                        BUSY,
                        BUSY,
                        IDLE,
                        IDLE,
                        IDLE,
                        IDLE,
                        IDLE,
                        IDLE,
                        FULL))
                .containsExactly(5, 2, 1, 1, 1, 2, 4, 8, 16, 25, 25, 12);
    }

    @Test
    void neverGrowsBeyondItsLimit() {
        assertThat(batches(AdaptationRule.upToOwnBatch(), 10, IDLE, BUSY, IDLE, IDLE, IDLE))
                .containsExactly(10, 5, 10, 10, 10);
        AdaptationRule threefold = new AdaptationRule(.8, .7, 0, 4, 3, 1);
        assertThat(batches(threefold, 8, IDLE, IDLE, BUSY, BUSY, BUSY)).containsExactly(16, 24, 12, 6, 4);
        assertThat(batches(AdaptationRule.fedscale(), 40, IDLE, IDLE)).containsExactly(40, 40); // no client has as many
    }

    @Test
    void takesFewerStepsByTheProcessorsAlone() {
        AdaptationRule rule = AdaptationRule.fedscale();
        assertThat(rule.next(8, 8, 100, BUSY)).isEqualTo(new Adaptation(4, .5));
        assertThat(rule.next(8, 8, 100, FULL)).isEqualTo(new Adaptation(4, 1));
        assertThat(rule.next(8, 8, 100, IDLE)).isEqualTo(new Adaptation(16, 1));
    }

    @Test
    void isNotBusyAtItsThresholds() {
        ResourceUsage at = ResourceUsage.of(.8, .7, 2L << 30);
        assertThat(AdaptationRule.upToOwnBatch().next(4, 8, 100, at)).isEqualTo(new Adaptation(8, 1));
    }

    @Test
    void refusesBadRules() {
        assertThatThrownBy(() -> new AdaptationRule(1.1, .7, 0, 1, 1, 1))
                .hasMessage("cpuAbove must be in [0, 1], but was 1.1");
        assertThatThrownBy(() -> new AdaptationRule(.8, Double.NaN, 0, 1, 1, 1))
                .hasMessage("memoryAbove must be in [0, 1], but was NaN");
        assertThatThrownBy(() -> new AdaptationRule(.8, .7, -1, 1, 1, 1))
                .hasMessage("availableBelow must be at least 0, but was -1");
        assertThatThrownBy(() -> new AdaptationRule(.8, .7, 0, 0, 1, 1))
                .hasMessage("leastBatch must be at least 1, but was 0");
        assertThatThrownBy(() -> new AdaptationRule(.8, .7, 0, 1, .5, 1))
                .hasMessage("mostGrowth must be at least 1, but was 0.5");
        assertThatThrownBy(() -> new AdaptationRule(.8, .7, 0, 1, 1, 0))
                .hasMessage("busyStepsShare must be in (0, 1], but was 0.0");
    }
}
