package org.fl4j.aggregators.nd4j;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.testing.AggregatorContract;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class Nd4jAggregatorTest extends AggregatorContract {
    @Override
    protected Aggregator aggregator() {
        return new Nd4jAggregator(updates -> updates.stream()
                .map(Nd4jAggregator.Update::delta)
                .reduce(INDArray::add)
                .orElseThrow()
                .div(updates.size()));
    }

    @Test
    void refusesADeltaOfAnotherLength() {
        Aggregation aggregation = new Nd4jAggregator(updates -> Nd4j.zeros(3)).begin(round(), state(vector(1, 2)));
        aggregation.add(update(0, 1, vector(1, 2)));
        assertThatThrownBy(aggregation::combine)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("length of the combined delta must be that of the model, 2, but was 3");
    }
}
