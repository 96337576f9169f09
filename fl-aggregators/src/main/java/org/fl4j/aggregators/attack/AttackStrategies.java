package org.fl4j.aggregators.attack;

import java.util.List;
import java.util.function.Function;
import org.fl4j.registry.NamedStrategy;
import org.fl4j.registry.Parameters;
import org.fl4j.registry.StrategyProvider;

/** The names of attacks. */
public final class AttackStrategies implements StrategyProvider {
    @Override
    public List<NamedStrategy<?>> strategies() {
        return List.of(
                attack("sign-flip", p -> Attack.signFlip()),
                attack("scaling", p -> Attack.scaling(p.number("factor", 10))),
                attack("gaussian", p -> Attack.gaussian(p.number("deviation", 1))),
                attack("inner-product", p -> Attack.innerProduct(p.number("strength", 1))),
                attack("little-is-enough", p -> Attack.littleIsEnough()),
                new NamedStrategy<>(Poison.class, "label-flip", p -> Poison.labelFlip(p.integer("classes", 10))),
                new NamedStrategy<>(
                        Poison.class,
                        "trigger",
                        p -> Poison.trigger(p.integer("size", 4), (float) p.number("white", 1), p.integer("label", 0))
                                .oneOf(p.integer("oneOf", 2))));
    }

    private static NamedStrategy<?> attack(String name, Function<Parameters, Attack> make) {
        return new NamedStrategy<>(Attack.class, name, make);
    }
}
