package org.fl4j.aggregators;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.message.Facts;
import org.fl4j.message.TrainingFacts;
import org.fl4j.random.Seed;
import org.fl4j.registry.StrategyRegistry;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Sums of finite values need not be finite; what every rule with a name makes of them is. */
class FiniteAggregatesTest extends TensorTest {
    private static final int SIZE = 20;

    static Stream<String> names() {
        return StrategyRegistry.load().names(Aggregator.class).stream();
    }

    @ParameterizedTest
    @MethodSource("names")
    void finiteUpdatesOfAnySizeAndWeightHaveAFiniteAggregate(String name) {
        Aggregator rule = StrategyRegistry.load().parse(Aggregator.class, name);
        Facts facts = Facts.of(TrainingFacts.LOSS, 2.0).with(TrainingFacts.LEARNING_RATE, .1);
        RandomGenerator random = new Seed(14).generator();
        Aggregation aggregation = rule.begin(round(), state(vector(new double[SIZE])));
        for (int client = 0; client < 9; client++) {
            ParameterVector delta = vector(random.doubles(SIZE, .9, 1)
                    .map(x -> (float) (x * Float.MAX_VALUE))
                    .toArray());
            aggregation.add(update(client, 1L << (4 * client), delta).with(facts));
        }
        assertThat(aggregation.combine().delta().orElseThrow().firstNotFinite()).isEmpty();
    }
}
