package org.fl4j.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.fl4j.core.Aggregate;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.SumRule;
import org.fl4j.message.ModelUpdate;
import org.fl4j.message.ServerState;
import org.fl4j.message.SharedMessage;
import org.fl4j.tensor.Slice;
import org.junit.jupiter.api.Test;

/** What every {@link SumRule} promises: sums that travel are those of parts that stay, bit for bit. */
public abstract class SumRuleContract extends AggregatorContract {
    /** Returns the rule under test. */
    protected abstract SumRule rule();

    @Override
    protected final Aggregator aggregator() {
        return rule();
    }

    private void assertSame(List<List<ModelUpdate>> blocks) {
        ServerState state = state();
        SumRule.Sums travelled = (SumRule.Sums) rule().begin(round(), state);
        Aggregation stayed = rule().begin(round(), state);
        for (List<ModelUpdate> block : blocks) {
            SumRule.Sums there = rule().part(SharedMessage.of(state));
            Aggregation here = rule().begin(round(), state);
            block.forEach(there::add);
            block.forEach(here::add);
            travelled.merge(there.sums());
            stayed.merge(here);
        }
        Aggregate expected = stayed.combine();
        Aggregate actual = travelled.combine();
        assertThat(values(actual.delta().orElseThrow()))
                .containsExactly(values(expected.delta().orElseThrow()));
        assertThat(actual.covered().map(NDArray::toBooleanArray).orElse(new boolean[0]))
                .isEqualTo(expected.covered().map(NDArray::toBooleanArray).orElse(new boolean[0]));
    }

    @Test
    void sumsTravel() {
        List<ModelUpdate> updates = updates();
        assertSame(List.of(updates.subList(0, 4), updates.subList(4, 5), updates.subList(5, updates.size())));
        assertSame(List.of(List.of(), updates));
    }

    /** The first half of some deltas, before, between and after whole ones. */
    @Test
    void sumsOfSlicesTravel() {
        if (!rule().takesSlices()) {
            assertThat(rule().part(SharedMessage.of(state())).sums().tensors()).doesNotContainKey("weights");
            return;
        }
        Slice half = new Slice(Map.of("w", List.of(Slice.Axis.first(10))));
        List<ModelUpdate> mixed = new ArrayList<>();
        List<ModelUpdate> updates = updates();
        for (int i = 0; i < updates.size(); i++) {
            ModelUpdate update = updates.get(i);
            mixed.add(
                    i % 3 == 1
                            ? update
                            : update.with(update.payload()
                                    .withDelta(half.cut(update.delta()))
                                    .withSlice(Optional.of(half))));
        }
        assertSame(List.of(mixed.subList(0, 1), mixed.subList(1, 4), mixed.subList(4, mixed.size())));
        assertSame(List.of(List.of(mixed.get(0), mixed.get(2)), List.of(mixed.get(3))));
    }

    /** Rows of one matrix are added as updates one by one are. */
    @Test
    void rowsAreAddedAsUpdatesAre() {
        List<ModelUpdate> updates = updates();
        int last = updates.size() - 1;
        NDList deltas = new NDList();
        List<ModelUpdate> bare = new ArrayList<>();
        for (int i = 0; i <= last; i++) {
            deltas.add(updates.get(last - i).delta().floats());
            bare.add(updates.get(i).withoutDelta());
        }
        NDArray matrix = NDArrays.stack(deltas);
        SumRule.Sums rows = rule().part(SharedMessage.of(state()));
        if (!rows.takesRows()) {
            assertThatThrownBy(() -> rows.addRows(bare, matrix, 0)).isInstanceOf(UnsupportedOperationException.class);
            return;
        }
        SumRule.Sums each = rule().part(SharedMessage.of(state()));
        rows.addRows(bare.subList(0, 3), matrix, last, last - 1, last - 2);
        rows.addRows(List.of(), matrix);
        rows.addRows(bare.subList(3, 4), matrix, last - 3);
        updates.subList(0, 4).forEach(each::add);
        assertThat(values(rows.combine().delta().orElseThrow()))
                .containsExactly(values(each.combine().delta().orElseThrow()));
    }
}
