package org.fl4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.fl4j.message.ClientId;
import org.fl4j.message.Fact;
import org.fl4j.message.Facts;
import org.fl4j.message.Receipt;
import org.fl4j.message.TrainingFacts;
import org.fl4j.metrics.Metrics;
import org.fl4j.world.ClientTimes;
import org.junit.jupiter.api.Test;

class FactsTest {
    private static final Fact<Double> RATE = Fact.ofSetting("my/rate");
    private static final Fact<Long> COUNT = new Fact<>("my/count", Long.class, Fact.Source.DATA);
    private static final Fact<Boolean> SHORT = new Fact<>("my/short", Boolean.class, Fact.Source.DATA);
    private static final Fact<String> KIND = new Fact<>("my/kind", String.class, Fact.Source.SETTING);

    private static final Facts ALL =
            Facts.of(RATE, .5).with(COUNT, 7L).with(SHORT, true).with(KIND, "phone");

    @Test
    void valuesHaveTheirTypes() {
        assertThat(ALL.get(RATE)).isEqualTo(.5);
        assertThat(ALL.get(COUNT)).isEqualTo(7);
        assertThat(ALL.get(KIND)).isEqualTo("phone");
        assertThat(ALL.find(Fact.ofData("my/other"))).isEmpty();
        assertThat(ALL.number(Fact.ofData("my/other"))).isNaN();
        assertThatThrownBy(() -> ALL.get(Fact.ofData("my/other")))
                .hasMessage(
                        "fact must be one of those known, [my/count, my/kind, my/rate, my/short], but was my/other");
        assertThatThrownBy(() -> new Facts(Map.of(COUNT, 7)))
                .hasMessage("value of fact my/count must be a Long, but was 7");
    }

    /** Else a client could smuggle what comes from its data past local privacy, as a setting. */
    @Test
    void aFactOfAnotherSourceIsAnother() {
        Fact<Double> claimed = Fact.ofSetting("train/loss");
        assertThat(Facts.of(claimed, 3.0).find(TrainingFacts.LOSS)).isEmpty();
        assertThatThrownBy(() -> Facts.of(claimed, 3.0).with(TrainingFacts.LOSS, 2.0))
                .hasMessageStartingWith("facts of the name train/loss must be of one type and source, but was");
    }

    /** What the server knows takes the place of whatever a client calls so. */
    @Test
    void othersTakeThePlaceOfAllOfTheirNames() {
        Facts claimed = Facts.of(Fact.ofData("time/client seconds"), 1e-9).with(RATE, .5);
        Facts known = Facts.of(ClientTimes.SECONDS, 30.0);
        assertThat(claimed.with(known)).isEqualTo(known.with(RATE, .5));
    }

    @Test
    void laterValuesCount() {
        assertThat(ALL.with(RATE, .25).get(RATE)).isEqualTo(.25);
        assertThat(ALL.with(Facts.of(RATE, .125)).get(RATE)).isEqualTo(.125);
        assertThat(ALL.get(RATE)).as("facts do not change").isEqualTo(.5);
    }

    @Test
    void sourcesAreLeftOut() {
        assertThat(ALL.without(Fact.Source.DATA)).isEqualTo(Facts.of(RATE, .5).with(KIND, "phone"));
        assertThat(ALL.without(Fact.Source.SERVER)).isEqualTo(ALL);
    }

    /** A metric has the weight that a fact of the same name lacks. */
    @Test
    void peopleSeeNumbersBesideMetrics() {
        Receipt receipt = Receipt.of(new ClientId(1), Receipt.Outcome.SENT, 0, ALL)
                .with(ALL, Metrics.of("my/rate", 6, 4).merge(Metrics.of("seen", 1, 1)));
        assertThat(receipt.measured())
                .isEqualTo(Metrics.of("my/rate", 6, 4)
                        .merge(Metrics.of("my/count", 7, 1))
                        .merge(Metrics.of("my/short", 1, 1))
                        .merge(Metrics.of("seen", 1, 1)));
    }

    @Test
    void definitionsAreChecked() {
        assertThatThrownBy(() -> new Fact<>("my/list", java.util.List.class, Fact.Source.DATA))
                .hasMessage("type of fact my/list must be Double, Long, Boolean or String, but was java.util.List");
        assertThatThrownBy(() -> Fact.ofData(" ")).hasMessage("name of a fact must be a text, but was  ");
    }
}
