package org.fl4j.aggregators;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDScope;
import java.util.List;
import org.fl4j.core.Aggregation;
import org.fl4j.core.Aggregator;
import org.fl4j.core.ListAggregator;
import org.fl4j.core.ModelUpdate;
import org.fl4j.core.RoundContext;
import org.fl4j.core.ServerState;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterVector;

/**
 * The median of each coordinate over the clients, all of them alike (Yin et al. 2018, arXiv 1803.01498, definition 1); for
 * an even number the mean of the two in the middle. Withstands less than half of the clients being arbitrary. Holds all
 * updates of a round.
 *
 * <p>Deviations: float buffers are treated likewise; integer buffers are those of the first update.
 */
public record CoordinateMedian() implements Aggregator {
    /** Coordinates sorted at a time, so that the sorted copy stays small beside the updates. */
    private static final long BLOCK = 65_536;

    @Override
    public Aggregation begin(RoundContext round, ServerState state) {
        return new ListAggregator(CoordinateMedian::median).begin(round, state);
    }

    private static ParameterVector median(List<ModelUpdate> updates) {
        ParameterVector median = updates.get(0).delta().copy();
        long size = median.layout().floatCount();
        int upper = updates.size() / 2;
        int lower = (updates.size() - 1) / 2;
        for (long from = 0; from < size; from += BLOCK) {
            try (NDScope scope = new NDScope()) {
                scope.suppressNotUsedWarning();
                long length = Math.min(BLOCK, size - from);
                NDList rows = new NDList();
                for (ModelUpdate update : updates) {
                    rows.add(Kernels.narrow(update.delta().floats(), from, length));
                }
                NDArray sorted = NDArrays.stack(rows).sort(0);
                NDArray middle = sorted.get(lower);
                if (upper != lower) {
                    middle = middle.add(sorted.get(upper)).muli(.5f);
                }
                Kernels.copy(middle, Kernels.narrow(median.floats(), from, length));
            }
        }
        return median;
    }
}
