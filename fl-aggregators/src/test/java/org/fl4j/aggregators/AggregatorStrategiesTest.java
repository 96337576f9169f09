package org.fl4j.aggregators;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ServerOptimizer;
import org.fl4j.registry.StrategyRegistry;
import org.fl4j.simulation.Algorithm;
import org.junit.jupiter.api.Test;

class AggregatorStrategiesTest {
    private final StrategyRegistry registry = StrategyRegistry.load();

    @Test
    void makesEveryStrategyAndEveryParameterCounts() {
        int parameters = 0;
        for (Class<?> kind : List.of(Aggregator.class, ServerOptimizer.class, Algorithm.class)) {
            for (String name : registry.names(kind)) {
                Object usual = registry.create(kind, name, Map.of());
                assertThat((Object) registry.create(kind, name, Map.of())).isEqualTo(usual);
                for (Map.Entry<String, Object> parameter :
                        registry.defaults(kind, name).entrySet()) {
                    Object other = other(parameter.getValue());
                    Map<String, Object> given = new TreeMap<>(Map.of(parameter.getKey(), other));
                    if (List.of("slope", "free").contains(parameter.getKey())) {
                        given.put("discount", "hinge");
                    }
                    assertThat((Object) registry.create(kind, name, Map.copyOf(given)))
                            .as(name + " with " + parameter.getKey() + " = " + other)
                            .isNotEqualTo(usual);
                    parameters++;
                }
            }
        }
        assertThat(parameters).isGreaterThan(50);
    }

    private static Object other(Object usual) {
        if (usual instanceof Double number) {
            return number == 0 ? .25 : number / 2;
        }
        if (usual instanceof Integer number) {
            return number + 1;
        }
        if (usual instanceof Boolean flag) {
            return !flag;
        }
        if (usual instanceof String topology) {
            return topology.equals("ring") ? "torus" : "ring";
        }
        Object[] constants = usual.getClass().getEnumConstants();
        return constants[0] == usual ? constants[1] : constants[0];
    }

    @Test
    void takesThePapersDefaults() {
        assertThat(registry.parse(ServerOptimizer.class, "fedadam:learningRate=.03"))
                .isEqualTo(new FedAdam(.03));
        assertThat(registry.parse(ServerOptimizer.class, "fedyogi:learningRate=.03"))
                .isEqualTo(new FedYogi(.03));
        assertThat(registry.parse(ServerOptimizer.class, "fedadagrad:learningRate=.03"))
                .isEqualTo(new FedAdagrad(.03));
        assertThat(registry.parse(ServerOptimizer.class, "fedavgm")).isEqualTo(new FedAvgM());
        assertThat(registry.parse(Algorithm.class, "scaffold")).isEqualTo(new Scaffold());
    }
}
