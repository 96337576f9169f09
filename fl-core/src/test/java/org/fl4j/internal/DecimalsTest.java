package org.fl4j.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DecimalsTest {
    @Test
    void readsDecimalNumbers() {
        assertThat(Decimals.parse("0.1")).isEqualTo(.1);
        assertThat(Decimals.parse("-1e-1")).isEqualTo(-.1);
        assertThat(Decimals.parse("+.5E2")).isEqualTo(50);
        assertThat(Decimals.parse("5.")).isEqualTo(5);
        assertThat(Decimals.parse("NaN")).isNaN();
        assertThat(Decimals.parse("-Infinity")).isEqualTo(Double.NEGATIVE_INFINITY);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.1f", "1e-1d", "0x1p-1", "1D", " 1", "", ".", "1e", "1_000", "١"})
    void refusesWhatOnlyJavaUnderstands(String text) {
        assertThatThrownBy(() -> Decimals.parse(text))
                .isInstanceOf(NumberFormatException.class)
                .hasMessage("text must be a decimal number, but was " + text);
    }
}
