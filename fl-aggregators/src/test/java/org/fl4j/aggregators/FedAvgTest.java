package org.fl4j.aggregators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.IntStream;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.UpdateWeighting;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.Rejection;
import org.fl4j.message.RejectionReason;
import org.fl4j.message.ServerState;
import org.fl4j.server.FedAvg;
import org.fl4j.server.UpdateIntake;
import org.fl4j.server.UpdatePolicy;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Tensors;
import org.fl4j.testing.AggregatorContract;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class FedAvgTest extends AggregatorContract {
    @Override
    protected Aggregator aggregator() {
        return new FedAvg();
    }

    @Nested
    class Uniform extends AggregatorContract {
        @Override
        protected Aggregator aggregator() {
            return new FedAvg(UpdateWeighting.uniform());
        }
    }

    @Nested
    class InTiers extends AggregatorContract {
        @Override
        protected Aggregator aggregator() {
            return new Hierarchical(new Hierarchical(new FedAvg(), 2), 3);
        }
    }

    private float[] mean(Aggregator aggregator, ModelUpdate... updates) {
        Aggregation aggregation =
                aggregator.begin(round(), state(updates[0].delta().copy()));
        for (ModelUpdate update : updates) {
            aggregation.add(update);
        }
        return values(aggregation.combine().delta().orElseThrow());
    }

    /** The mean of [1,2,3] (n 10), [4,5,6] (n 30) and [-2,0,10] (n 60), computed in float64 with numpy. */
    @Test
    void weighsByExampleCountInAnyOrderOfArrival() {
        ModelUpdate a = update(1, 10, vector(1, 2, 3));
        ModelUpdate b = update(2, 30, vector(4, 5, 6));
        ModelUpdate c = update(3, 60, vector(-2, 0, 10));
        float[] expected = {.1f, 1.7f, 8.1f};
        for (ModelUpdate[] order : new ModelUpdate[][] {{a, b, c}, {c, b, a}, {b, a, c}}) {
            assertThat(mean(aggregator(), order))
                    .usingComparatorWithPrecision(1e-5f)
                    .containsExactly(expected);
        }
    }

    /** FEDn's own test of its incremental average: [1,2,3] and [4,5,6], the second with half of all examples. */
    @Test
    void agreesWithFednsIncrementalAverage() {
        assertThat(mean(aggregator(), update(1, 10, vector(1, 2, 3)), update(2, 10, vector(4, 5, 6))))
                .containsExactly(2.5f, 3.5f, 4.5f);
    }

    /** 1 (n 10) and 4 (n 60) without the failed update (n 30) between them; FEDn's count of it gives 2.8 instead. */
    @Test
    void countsAWeightOnlyWithItsUpdate() {
        ServerState state = state(vector(0));
        Aggregation aggregation = aggregator().begin(round(), state);
        UpdateIntake intake = new UpdateIntake(state, UpdatePolicy.all());
        List<ModelUpdate> updates =
                List.of(update(1, 10, vector(1)), update(2, 30, vector(Double.NaN)), update(3, 60, vector(4)));
        intake.take(updates, aggregation::onModelUpdate, aggregation::add);
        assertThat(values(aggregation.combine().delta().orElseThrow())[0]).isEqualTo(3.5714285f);
        assertThat(intake.rejected()).extracting(Rejection::reason).containsExactly(RejectionReason.NOT_FINITE);
    }

    @Test
    void giveTheSameRunInTiersAsFlat() {
        Aggregator tiers = new Hierarchical(aggregator(), 3);
        float[] flat = mean(aggregator(), tenUpdates());
        assertThat(mean(tiers, tenUpdates()))
                .usingComparatorWithPrecision(1e-6f)
                .containsExactly(flat);
    }

    private ModelUpdate[] tenUpdates() {
        return IntStream.range(0, 10)
                .mapToObj(i -> update(i, 1 + 7 * i, vector(Math.sin(i), Math.cos(i))))
                .toArray(ModelUpdate[]::new);
    }

    /** FedScale's aggregator test: updates 2w, 2w and 5w give 3w. */
    @Test
    void weighsAllAlikeWhenAskedTo() {
        Aggregator uniform = new FedAvg(UpdateWeighting.uniform());
        assertThat(mean(uniform, update(1, 1, vector(2, 4)), update(2, 100, vector(2, 4)), update(3, 7, vector(5, 10))))
                .containsExactly(3, 6);
    }

    @Test
    void givesTheSameMeanOverTiersAsOverAll() {
        Aggregation north = aggregator().begin(round(), state(vector(0)));
        Aggregation south = aggregator().begin(round(), state(vector(0)));
        north.add(update(1, 10, vector(1)));
        south.add(update(2, 30, vector(2)));
        south.add(update(3, 40, vector(4)));
        north.merge(south);
        assertThat(values(north.combine().delta().orElseThrow())).containsExactly((10 + 60 + 160) / 80f);
    }

    @Test
    void averagesFloatBuffersAndTakesIntegersFromTheFirst() {
        ParameterVector first = vector(layoutWithBuffers(), 1, 1, 1, 10, 20);
        ParameterVector second = vector(layoutWithBuffers(), 3, 3, 3, 20, 40);
        Kernels.copy(Tensors.create(manager, new long[] {5}), first.integers().orElseThrow());
        Aggregation aggregation = aggregator().begin(round(), state(first.copy()));
        aggregation.add(update(1, 1, first));
        aggregation.add(update(2, 1, second));
        ParameterVector mean = aggregation.combine().delta().orElseThrow();
        assertThat(values(mean)).containsExactly(2, 2, 2, 15, 30);
        assertThat(mean.integers().orElseThrow().toLongArray()).containsExactly(5);
    }

    @Test
    void refusesAWeightThatIsNotPositive() {
        Aggregation aggregation = new FedAvg(update -> 0).begin(round(), state(vector(1)));
        ModelUpdate update = update(4, 1, vector(1));
        assertThatThrownBy(() -> aggregation.add(update))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("weight of client 4 must be positive and finite, but was 0.0");
    }
}
