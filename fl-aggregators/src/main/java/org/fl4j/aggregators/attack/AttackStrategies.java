package org.fl4j.aggregators.attack;

import java.util.List;
import java.util.function.Function;
import org.fl4j.registry.NamedStrategy;
import org.fl4j.registry.Parameters;
import org.fl4j.registry.StrategyProvider;
import org.fl4j.simulation.Adversary;

/** The names of what attackers send and train on. */
public final class AttackStrategies implements StrategyProvider {
    @Override
    public List<NamedStrategy<?>> strategies() {
        return List.of(
                adversary("sign-flip", p -> Attack.signFlip()),
                adversary("scaling", p -> Attack.scaling(p.number("factor", 10))),
                adversary("gaussian", p -> Attack.gaussian(p.number("deviation", 1))),
                adversary("inner-product", p -> Attack.innerProduct(p.number("strength", 1))),
                adversary("little-is-enough", p -> Attack.littleIsEnough()),
                adversary("label-flip", p -> Poison.labelFlip(p.integer("classes", 10))),
                adversary(
                        "trigger",
                        p -> Poison.trigger(p.integer("size", 4), (float) p.number("white", 1), p.integer("label", 0))
                                .oneOf(p.integer("oneOf", 2))));
    }

    private static NamedStrategy<?> adversary(String name, Function<Parameters, Adversary> make) {
        return new NamedStrategy<>(Adversary.class, name, make);
    }
}
