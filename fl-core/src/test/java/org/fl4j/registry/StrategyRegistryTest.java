package org.fl4j.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.fl4j.internal.Check;
import org.junit.jupiter.api.Test;

class StrategyRegistryTest {
    private enum Shape {
        ROUND,
        NOT_SO_ROUND
    }

    private record Cake(double sugar, int eggs, boolean iced, Shape shape) {
        Cake {
            Check.positive("sugar", sugar);
        }
    }

    private static final StrategyProvider BAKERY = () -> List.of(
            new NamedStrategy<>(
                    Cake.class,
                    "sponge",
                    p -> new Cake(
                            p.number("sugar", .2),
                            p.integer("eggs", 3),
                            p.flag("iced", false),
                            p.choice("shape", Shape.ROUND))),
            new NamedStrategy<>(Cake.class, "lemon", p -> new Cake(1, 0, true, Shape.ROUND)));
    private final StrategyRegistry registry = StrategyRegistry.of(BAKERY);

    @Test
    void makesByNameWithDefaults() {
        assertThat(registry.names(Cake.class)).containsExactly("lemon", "sponge");
        assertThat(registry.names(String.class)).isEmpty();
        assertThat(registry.create(Cake.class, "Sponge", Map.of())).isEqualTo(new Cake(.2, 3, false, Shape.ROUND));
        assertThat(registry.create(Cake.class, "sponge", Map.of("sugar", 1, "eggs", 2, "iced", true)))
                .isEqualTo(new Cake(1, 2, true, Shape.ROUND));
        assertThat(registry.parse(Cake.class, "sponge:eggs=5, sugar=.5,shape=not_so_round"))
                .isEqualTo(new Cake(.5, 5, false, Shape.NOT_SO_ROUND));
        assertThat(registry.defaults(Cake.class, "sponge").toString())
                .isEqualTo("{sugar=0.2, eggs=3, iced=false, shape=ROUND}");
    }

    @Test
    void saysWhyAKindHasNoNames() {
        assertThatThrownBy(() -> registry.parse(StringBuilder.class, "long"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("string builder must be a name that a jar on the class path adds, but was long, and no jar"
                        + " adds any. FL4J's own names are in fl-aggregators, fl-selection, fl-privacy and"
                        + " fl-compression; a jar adds names by its"
                        + " META-INF/services/org.fl4j.registry.StrategyProvider. Maybe jars were merged"
                        + " into one by a tool that keeps only one of several files of the same name. With"
                        + " maven-shade-plugin, add ServicesResourceTransformer, which joins them; with another tool,"
                        + " its like.");
    }

    @Test
    void refusesWhatItDoesNotKnow() {
        assertRefused("bread", "cake must be one of [lemon, sponge], but was bread");
        assertRefused(
                "sponge:salt=1", "sponge: name of a parameter must be one of [sugar, eggs, iced, shape], but was salt");
        assertRefused("lemon:salt=1", "lemon: name of a parameter must be one of [], but was salt");
        assertRefused("sponge:sugar=sweet", "sponge: sugar must be a number, but was sweet");
        assertRefused("sponge:sugar=-1", "sponge: sugar must be positive and finite, but was -1.0");
        assertRefused("sponge:sugar=NaN", "sponge: sugar must be positive and finite, but was NaN");
        assertRefused("sponge:eggs=2.5", "sponge: eggs must be a whole number, but was 2.5");
        assertRefused("sponge:iced=yes", "sponge: iced must be true or false, but was yes");
        assertRefused("sponge:shape=flat", "sponge: shape must be one of [round, not_so_round], but was flat");
        String form = "cake must be written as name:parameter=value,parameter=value, each parameter once, but was ";
        assertRefused("sponge:eggs", "sponge: sugar must be a number, but was eggs");
        assertRefused("sponge:2,sugar=1", "sponge: sugar must be given once, but was 1");
        assertRefused("sponge:eggs=1,2", form + "sponge:eggs=1,2");
        assertRefused("lemon:2", "lemon: parameters must be left out, for there are none, but was 2");
        assertRefused("sponge:", form + "sponge:");
        assertRefused("sponge:eggs=1,eggs=2", form + "sponge:eggs=1,eggs=2");
    }

    private void assertRefused(String line, String message) {
        assertThatThrownBy(() -> registry.parse(Cake.class, line))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @Test
    void refusesTwoProvidersOfOneName() {
        StrategyProvider other = () -> List.of(new NamedStrategy<>(Cake.class, "lemon", p -> null));
        assertThatThrownBy(() -> StrategyRegistry.of(BAKERY, other))
                .hasMessageMatching("cake lemon must be added by one provider, .*, but was .*");
        assertThatThrownBy(() -> new NamedStrategy<>(Cake.class, "Lemon Tart", p -> null))
                .hasMessage("name of a strategy must be lower-case letters, digits and hyphens, but was Lemon Tart");
    }
}
