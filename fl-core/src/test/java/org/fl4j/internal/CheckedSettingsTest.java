package org.fl4j.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.fl4j.InvalidSettingException;
import org.junit.jupiter.api.Test;

/** What breaks a rule is told in fields, so that nobody has to read the message. */
class CheckedSettingsTest {
    private static InvalidSettingException thrown(ThrowingCallable check) {
        return catchThrowableOfType(InvalidSettingException.class, check);
    }

    @Test
    void hasNameRuleAndValue() {
        InvalidSettingException fault = thrown(() -> Check.inRange("cohortSize", 1, 100, 250));
        assertThat(fault).hasMessage("cohortSize must be in [1, 100], but was 250");
        assertThat(fault.name()).isEqualTo("cohortSize");
        assertThat(fault.rule()).isEqualTo("in [1, 100]");
        assertThat(fault.value()).isEqualTo("250");
        assertThat(fault.options()).isEmpty();
    }

    @Test
    void listsTheValuesThatThereAre() {
        InvalidSettingException fault = thrown(() -> Check.oneOf("order", List.of("cohort", "largest-first"), "fast"));
        assertThat(fault).hasMessage("order must be one of [cohort, largest-first], but was fast");
        assertThat(fault.options()).containsExactly("cohort", "largest-first");
        assertThat(Check.oneOf("order", List.of("cohort"), "cohort")).isEqualTo("cohort");
    }

    @Test
    void namesTheClosestValueIfOneIsClose() {
        List<String> rules = List.of("krum", "median", "trimmed-mean");
        assertThat(thrown(() -> Check.oneOf("rule", rules, "kurm"))).hasMessageEndingWith("kurm; did you mean krum?");
        assertThat(thrown(() -> Check.oneOf("rule", rules, "Meadian"))).hasMessageEndingWith("; did you mean median?");
        assertThat(thrown(() -> Check.oneOf("rule", rules, "label-smoothing")))
                .hasMessageEndingWith(", but was label-smoothing");
        assertThat(thrown(() -> Check.oneOf("rule", List.of(), "krum"))).hasMessageEndingWith(", but was krum");
    }

    @Test
    void keepsItsFieldsWithinSomethingElse() {
        InvalidSettingException inner = thrown(() -> Check.positive("clients", 0));
        InvalidSettingException outer = inner.within("krum: ");
        assertThat(outer)
                .hasMessage("krum: clients must be at least 1, but was 0")
                .hasCause(inner);
        assertThat(outer.name()).isEqualTo("krum: clients");
        assertThat(outer.value()).isEqualTo("0");
    }
}
