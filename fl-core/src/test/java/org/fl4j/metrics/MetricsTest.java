package org.fl4j.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class MetricsTest {
    @Test
    void mergesBySumAndWeight() {
        Metrics merged = Metrics.of("train/loss", 10, 4).merge(Metrics.of("train/loss", 2, 8));
        assertThat(merged.value("train/loss")).isEqualTo(1.0);
    }

    @Test
    void keepsMetricsThatOnlyOneSideHas() {
        Metrics merged = Metrics.of("a", 1, 1).merge(Metrics.of("b", 4, 2));
        assertThat(merged.value("a")).isEqualTo(1);
        assertThat(merged.value("b")).isEqualTo(2);
    }

    @Test
    void saysWhatWasMeasuredWhenAskedForSomethingElse() {
        assertThatThrownBy(() -> Metrics.of("a", 1, 1).value("b"))
                .hasMessage("name must be one of the measured metrics [a], but was b");
        assertThat(Metrics.none().find("a")).isEmpty();
    }

    @Test
    void refusesAWeightThatIsNotPositive() {
        assertThatThrownBy(() -> Metrics.of("a", 1, 0)).hasMessage("weight must be positive and finite, but was 0.0");
    }
}
