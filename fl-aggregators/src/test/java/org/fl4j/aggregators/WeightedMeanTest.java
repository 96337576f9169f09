package org.fl4j.aggregators;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.fl4j.core.UpdateWeighting;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Payload;
import org.fl4j.message.ServerState;
import org.fl4j.random.Seed;
import org.fl4j.server.WeightedMean;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Slice;
import org.fl4j.testing.TensorTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WeightedMeanTest extends TensorTest {
    private static final int SIZE = 50;

    private static ParameterVector draw(WeightedMeanTest test, RandomGenerator random, double scale) {
        return test.vector(random.doubles(SIZE, -1, 1).map(x -> x * scale).toArray());
    }

    private static WeightedMean mean(ServerState state, double factor) {
        UpdateWeighting weighting = update -> update.exampleCount() * factor;
        return new WeightedMean(weighting, state);
    }

    /** The bits are those of summing with the weights as they are, whatever power of two scales them. */
    @Test
    void scalingByPowersOfTwoChangesNoBit() {
        RandomGenerator random = new Seed(5).generator();
        ServerState state = state(vector(new double[SIZE]));
        ParameterVector plain = vector(new double[SIZE]);
        double total = 0;
        WeightedMean small = mean(state, 0x1p-900);
        WeightedMean large = mean(state, 0x1p900);
        WeightedMean usual = mean(state, 1);
        for (int client = 0; client < 3000; client++) { // so many that sums are scaled again on the way
            ModelUpdate update = update(client, 1 + random.nextInt(600), draw(this, random, .1));
            if (client == 0) {
                plain = update.delta().copy();
                plain.floats().muli(update.exampleCount());
            } else {
                plain.addScaledInPlace(update.delta(), (double) update.exampleCount());
            }
            total += update.exampleCount();
            small.add(update);
            large.add(update);
            usual.add(update);
            update.close();
        }
        plain.floats().divi(total);
        for (WeightedMean mean : new WeightedMean[] {small, large, usual}) {
            assertThat(values(mean.combine().delta().orElseThrow())).containsExactly(values(plain));
        }
        assertThat(usual.totalWeight()).isEqualTo(total);
    }

    @Test
    void aMeanOfFiniteUpdatesIsFinite() {
        float[] sizes = {Float.MAX_VALUE, -Float.MAX_VALUE, 1e38f, Float.MIN_VALUE, 0};
        double[] weights = {1e-300, 1, 3, 1e18, 1e300};
        for (float size : sizes) {
            for (double weight : weights) {
                ServerState state = state(vector(0, 0));
                WeightedMean mean = mean(state, weight);
                for (int client = 1; client <= 7; client++) {
                    mean.add(update(client, client * 3L, vector(size, -size / 3)));
                }
                float[] result = values(mean.combine().delta().orElseThrow());
                assertThat(result[0]).as(size + " by " + weight).isFinite();
                assertThat(Math.abs(result[0] - size)).isLessThanOrEqualTo(Math.abs(size) * 1e-6f + Float.MIN_VALUE);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void roundingTakesNoMeanPastTheLargestFloat(boolean sliced) {
        RandomGenerator random = new Seed(3).generator();
        for (int draw = 0; draw < 100; draw++) {
            ServerState state = state(sliced ? vector(0, 0, 0) : vector(0, 0));
            WeightedMean mean = mean(state, random.nextDouble()); // no power of two: products are rounded
            int clients = 2 + random.nextInt(20);
            for (int client = 0; client < clients; client++) {
                ModelUpdate update = update(client, 1 + random.nextInt(600), vector(Float.MAX_VALUE, -Float.MAX_VALUE));
                mean.add(sliced ? ofSlice(update) : update);
            }
            float[] result = values(mean.combine().delta().orElseThrow());
            assertThat(result[0]).as("mean of draw " + draw).isFinite();
            assertThat(result[1]).as("mean of draw " + draw).isFinite();
        }
    }

    /** The update is of the first two of three parameters. */
    private static ModelUpdate ofSlice(ModelUpdate update) {
        Slice slice = new Slice(Map.of("w", List.of(Slice.Axis.first(2))));
        return update.with(new Payload(Optional.of(update.delta()), Map.of(), Map.of(), Optional.of(slice)));
    }

    @Test
    void mergesPartsOfVeryDifferentWeight() {
        ServerState state = state(vector(0, 0));
        WeightedMean light = mean(state, 1e-30);
        WeightedMean heavy = mean(state, 1e30);
        light.add(update(1, 5, vector(7, 7)));
        heavy.add(update(2, 5, vector(1, 2)));
        light.merge(heavy);
        light.merge(mean(state, 1));
        assertThat(values(light.combine().delta().orElseThrow())).containsExactly(1, 2);
    }
}
