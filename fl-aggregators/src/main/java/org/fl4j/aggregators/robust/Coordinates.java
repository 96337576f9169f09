package org.fl4j.aggregators.robust;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import java.util.List;
import java.util.function.UnaryOperator;
import org.fl4j.message.ModelUpdate;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.Parallel;
import org.fl4j.tensor.ParameterVector;

/** Reduces updates coordinate by coordinate, a block at a time, so that sorted copies stay small beside the updates. */
final class Coordinates {
    private static final long BLOCK = 32_768;

    private Coordinates() {}

    /**
     * Applies a rule to some of each coordinate's values in order: from (to - from, block) to (block).
     *
     * @param from the first place in the order that the rule reads
     * @param to the one after the last
     */
    static ParameterVector reduce(List<ModelUpdate> updates, int from, int to, UnaryOperator<NDArray> rule) {
        return blockwise(updates, values -> rule.apply(Kernels.sortedRows(values, from, to)));
    }

    /** Returns the median of each coordinate; of an even number of values the mean of the two in the middle. */
    static ParameterVector median(List<ModelUpdate> updates) {
        int count = updates.size();
        return reduce(updates, (count - 1) / 2, count / 2 + 1, Coordinates::median);
    }

    /**
     * Returns, for each coordinate, the least value at which half of the weight is reached.
     *
     * @param weights of the updates, with a sum of 1
     */
    static ParameterVector weightedMedian(List<ModelUpdate> updates, double... weights) {
        float[] narrow = new float[weights.length];
        for (int i = 0; i < narrow.length; i++) {
            narrow[i] = (float) weights[i];
        }
        return blockwise(updates, values -> {
            NDArray order = values.argSort(0);
            NDArray weight = values.getManager().create(narrow).toDevice(values.getDevice(), false);
            NDArray reached = weight.take(order).cumSum(0);
            NDArray row = reached.lt(.5f - 1e-6f).toType(DataType.INT64, false).sum(new int[] {0});
            NDArray last = row.minimum(weights.length - 1); // weights that round to less than half
            return values.sort(0).gather(last.expandDims(0), 0).squeeze(0);
        });
    }

    private static ParameterVector blockwise(List<ModelUpdate> updates, UnaryOperator<NDArray> rule) {
        ParameterVector result = updates.get(0).delta().copy();
        long size = result.layout().floatCount();
        int blocks = Math.toIntExact((size + BLOCK - 1) / BLOCK);
        Parallel.forEach(blocks, result.floats().getDevice(), (part, thread) -> {
            long from = part * BLOCK;
            reduceBlock(updates, from, Math.min(BLOCK, size - from), rule, result);
        });
        return result;
    }

    private static void reduceBlock(
            List<ModelUpdate> updates, long from, long length, UnaryOperator<NDArray> rule, ParameterVector result) {
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            NDList rows = new NDList();
            for (ModelUpdate update : updates) {
                rows.add(Kernels.narrow(update.delta().floats(), from, length));
            }
            NDArray reduced = rule.apply(NDArrays.stack(rows));
            Kernels.copy(reduced, Kernels.narrow(result.floats(), from, length));
        }
    }

    /** Returns the middle row, or the mean of the two in the middle. */
    static NDArray median(NDArray sorted) {
        long count = sorted.getShape().get(0);
        NDArray lower = sorted.get((count - 1) / 2);
        // Halves first: the sum of two finite values need not be finite.
        return count % 2 == 1
                ? lower
                : lower.mul(.5f).addi(sorted.get(count / 2).mul(.5f));
    }

    /**
     * Returns the mean of the rows {@code from} to {@code to - 1}. The sum is scaled by a power of two, which changes
     * no bit, so that it is finite if the values are.
     */
    static NDArray mean(NDArray sorted, long from, long to) {
        float scale = Math.scalb(1f, -1 - Math.getExponent((double) (to - from)));
        NDArray mean = Kernels.narrow(sorted, from, to - from).mul(scale).mean(new int[] {0});
        return mean.divi(scale).clip(-Float.MAX_VALUE, Float.MAX_VALUE);
    }

    /**
     * Returns, for each coordinate, the mean of the values closest to the median. Of sorted values those are
     * neighbours: the window whose farther end is nearest, the lower one of equals.
     */
    static NDArray meanAroundMedian(NDArray sorted, long kept) {
        NDArray median = median(sorted);
        NDArray nearest = radius(sorted, median, 0, kept);
        NDArray mean = mean(sorted, 0, kept);
        for (long from = 1; from + kept <= sorted.getShape().get(0); from++) {
            NDArray radius = radius(sorted, median, from, kept);
            NDArray closer = radius.lt(nearest);
            mean = NDArrays.where(closer, mean(sorted, from, from + kept), mean);
            nearest = NDArrays.where(closer, radius, nearest);
        }
        return mean;
    }

    private static NDArray radius(NDArray sorted, NDArray median, long from, long kept) {
        NDArray below = median.sub(sorted.get(from));
        NDArray above = sorted.get(from + kept - 1).sub(median);
        return below.maximum(above);
    }
}
