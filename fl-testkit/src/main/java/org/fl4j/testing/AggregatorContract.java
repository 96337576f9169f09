package org.fl4j.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.random.RandomGenerator;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.ServerState;
import org.fl4j.random.Seed;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterVector;
import org.fl4j.tensor.Tensors;
import org.junit.jupiter.api.Test;

/** What every {@link Aggregator} promises. */
public abstract class AggregatorContract extends TensorTest {
    private static final int CLIENTS = 9;
    private static final int SIZE = 20;

    /** Returns the aggregator under test. */
    protected abstract Aggregator aggregator();

    /** Returns an update as the aggregator's own clients send it: by default as it is. */
    protected ModelUpdate sent(ModelUpdate update) {
        return update;
    }

    List<ModelUpdate> updates() {
        RandomGenerator random = new Seed(11).generator();
        List<ModelUpdate> updates = new ArrayList<>();
        for (int client = 0; client < CLIENTS; client++) {
            updates.add(sent(update(
                    client,
                    1 + random.nextInt(50),
                    vector(random.doubles(SIZE, -1, 1).toArray()))));
        }
        return updates;
    }

    ServerState state() {
        return state(vector(new Seed(12).generator().doubles(SIZE, -1, 1).toArray()));
    }

    private float[] fold(List<ModelUpdate> updates) {
        Aggregation aggregation = aggregator().begin(round(), state());
        updates.forEach(aggregation::add);
        return values(aggregation.combine().delta().orElseThrow());
    }

    @Test
    void givesTheSameBitsForTheSameUpdatesInTheSameOrder() {
        assertThat(fold(updates())).containsExactly(fold(updates()));
    }

    @Test
    void doesNotDependOnTheOrderOfUpdatesButForRounding() {
        List<ModelUpdate> turned = new ArrayList<>(updates());
        Collections.reverse(turned);
        assertThat(fold(turned)).usingComparatorWithPrecision(1e-5f).containsExactly(fold(updates()));
    }

    @Test
    void mergesPartsToTheWholeButForRounding() {
        List<ModelUpdate> updates = updates();
        ServerState state = state();
        Aggregation left = aggregator().begin(round(), state);
        Aggregation right = aggregator().begin(round(), state);
        updates.subList(0, 4).forEach(left::add);
        updates.subList(4, CLIENTS).forEach(right::add);
        left.merge(right);
        assertThat(values(left.combine().delta().orElseThrow()))
                .usingComparatorWithPrecision(1e-5f)
                .containsExactly(fold(updates()));
    }

    @Test
    void givesNoDeltaWithoutUpdates() {
        Aggregate aggregate = aggregator().begin(round(), state()).combine();
        assertThat(aggregate.delta()).isEmpty();
    }

    @Test
    void keepsNoArrayOfAnUpdate() {
        List<ModelUpdate> updates = updates();
        Aggregation aggregation = aggregator().begin(round(), state());
        for (ModelUpdate update : updates) {
            aggregation.add(update);
            update.close();
        }
        assertThat(values(aggregation.combine().delta().orElseThrow())).containsExactly(fold(updates()));
    }

    @Test
    void leavesUpdatesAndStateAsTheyWere() {
        List<ModelUpdate> updates = updates();
        ServerState state = state();
        Aggregation aggregation = aggregator().begin(round(), state);
        updates.forEach(aggregation::add);
        aggregation.combine();
        List<ModelUpdate> fresh = updates();
        for (int i = 0; i < CLIENTS; i++) {
            assertThat(values(updates.get(i).delta()))
                    .containsExactly(values(fresh.get(i).delta()));
        }
        assertThat(values(state.model())).containsExactly(values(state().model()));
    }

    @Test
    void givesTheCommonDeltaWhenAllAgree() {
        ParameterVector common =
                vector(new Seed(13).generator().doubles(SIZE, -1, 1).toArray());
        Aggregation aggregation = aggregator().begin(round(), state());
        for (int client = 0; client < CLIENTS; client++) {
            aggregation.add(sent(update(client, 10, common)));
        }
        float[] result = values(aggregation.combine().delta().orElseThrow());
        float[] expected = values(common);
        for (int i = 0; i < SIZE; i++) {
            assertThat(result[i]).isCloseTo(expected[i], within(1e-5f));
        }
    }

    @Test
    void averagesFloatBuffersAndTakesIntegersFromAnUpdate() {
        Aggregation aggregation = aggregator().begin(round(), state(vector(layoutWithBuffers(), 0, 0, 0, 5, 6)));
        for (int client = 0; client < CLIENTS; client++) {
            ParameterVector delta = vector(layoutWithBuffers(), .1, .2, .3, .4, -.5);
            Kernels.copy(
                    Tensors.create(manager, new long[] {client + 1}),
                    delta.integers().orElseThrow());
            aggregation.add(sent(update(client, 10, delta)));
        }
        ParameterVector result = aggregation.combine().delta().orElseThrow();
        assertThat(values(result)).usingComparatorWithPrecision(1e-5f).containsExactly(.1f, .2f, .3f, .4f, -.5f);
        assertThat(result.integers().orElseThrow().toLongArray()[0]).isBetween(1L, (long) CLIENTS);
    }
}
