package org.fl4j.aggregators.robust;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.random.RandomGenerator;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.random.Seed;
import org.fl4j.testing.AggregatorContract;
import org.junit.jupiter.api.Test;

class CoordinateMedianTest extends AggregatorContract {
    @Override
    protected Aggregator aggregator() {
        return new CoordinateMedian();
    }

    private float[] median(double[]... deltas) {
        Aggregation aggregation = aggregator().begin(round(), state(vector(deltas[0])));
        for (int client = 0; client < deltas.length; client++) {
            aggregation.add(update(client, 1 + client, vector(deltas[client])));
        }
        return values(aggregation.combine().delta().orElseThrow());
    }

    @Test
    void takesTheMiddleOfEachCoordinate() {
        assertThat(median(new double[] {1, 9}, new double[] {3, 5}, new double[] {2, 100}))
                .containsExactly(2, 9);
    }

    @Test
    void takesTheMeanOfTheTwoInTheMiddle() {
        assertThat(median(new double[] {1}, new double[] {2}, new double[] {4}, new double[] {1000}))
                .containsExactly(3);
    }

    @Test
    void staysAmongTheHonestWhenFewerThanHalfAreArbitrary() {
        RandomGenerator random = new Seed(1).generator();
        for (int run = 0; run < 100; run++) {
            double[][] deltas = new double[9][1];
            for (int client = 0; client < 9; client++) {
                deltas[client][0] = client < 5 ? random.nextDouble() : 1e6 * random.nextGaussian();
            }
            assertThat(median(deltas)[0]).isBetween(0f, 1f);
        }
    }

    @Test
    void sortsMoreCoordinatesThanOneBlock() {
        double[] low = new double[70_000];
        double[] high = new double[70_000];
        double[] middle = new double[70_000];
        for (int i = 0; i < low.length; i++) {
            low[i] = -1;
            high[i] = 1;
            middle[i] = i / 70_000.0;
        }
        float[] median = median(low, middle, high);
        assertThat(median[65_535]).isEqualTo((float) middle[65_535]);
        assertThat(median[69_999]).isEqualTo((float) middle[69_999]);
    }
}
