package org.fl4j.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class CheckTest {
    @Test
    void namesArgumentRuleAndValue() {
        assertThatThrownBy(() -> Check.inRange("cohortSize", 1, 100, 250))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("cohortSize must be in [1, 100], but was 250");
        assertThatThrownBy(() -> Check.positive("rate", 0.0))
                .hasMessage("rate must be positive and finite, but was 0.0");
        assertThatThrownBy(() -> Check.atLeast("round", 0, -1)).hasMessage("round must be at least 0, but was -1");
        assertThatThrownBy(() -> Check.share("share", 0)).hasMessage("share must be in (0, 1], but was 0.0");
        assertThatThrownBy(() -> Check.present("task", null))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("task must not be null");
    }

    @Test
    void refusesNotANumberEverywhere() {
        assertThatThrownBy(() -> Check.positive("x", Double.NaN)).hasMessageEndingWith("but was NaN");
        assertThatThrownBy(() -> Check.notNegative("x", Double.NaN)).hasMessageEndingWith("but was NaN");
        assertThatThrownBy(() -> Check.fraction("x", Double.NaN)).hasMessageEndingWith("but was NaN");
        assertThatThrownBy(() -> Check.share("x", Double.NaN)).hasMessageEndingWith("but was NaN");
        assertThatThrownBy(() -> Check.finite("x", Double.NaN)).hasMessageEndingWith("but was NaN");
    }

    @Test
    void returnsWhatItAccepts() {
        assertThat(Check.fraction("momentum", 0)).isZero();
        assertThat(Check.inRange("x", 1, 1, 1)).isEqualTo(1);
    }
}
