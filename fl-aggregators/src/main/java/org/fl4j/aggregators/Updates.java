package org.fl4j.aggregators;

import ai.djl.ndarray.NDList;
import java.util.Arrays;
import java.util.List;
import org.fl4j.message.ModelUpdate;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterVector;

/** What rules do with a list of updates. Integer buffers of a result are those of the first update. */
public final class Updates {
    private Updates() {}

    /** Returns the plain mean of the deltas. */
    public static ParameterVector mean(List<ModelUpdate> updates) {
        double[] weights = new double[updates.size()];
        Arrays.fill(weights, 1.0 / weights.length);
        return sum(updates, weights, weights);
    }

    /**
     * Returns a weighted sum of the deltas.
     *
     * @param weights of trainable parameters, one an update
     * @param bufferWeights of float buffers, one an update
     */
    public static ParameterVector sum(List<ModelUpdate> updates, double[] weights, double... bufferWeights) {
        ParameterVector sum = updates.get(0).delta().copy();
        sum.trainable().muli(weights[0]);
        sum.floatBuffers().ifPresent(buffers -> buffers.muli(bufferWeights[0]));
        for (int i = 1; i < weights.length; i++) {
            ParameterVector delta = updates.get(i).delta();
            double bufferWeight = bufferWeights[i];
            Kernels.addScaled(sum.trainable(), delta.trainable(), weights[i]);
            sum.floatBuffers()
                    .ifPresent(buffers ->
                            Kernels.addScaled(buffers, delta.floatBuffers().orElseThrow(), bufferWeight));
        }
        return sum;
    }

    /** Returns the squared Euclidean distances between the trainable parts of all pairs, in float64. */
    public static double[][] squaredDistances(List<ModelUpdate> updates) {
        NDList vectors = new NDList();
        updates.forEach(update -> vectors.add(update.delta().trainable()));
        return Kernels.squaredDistances(vectors);
    }

    /** Returns the Euclidean distance between the trainable parts. */
    public static double distance(ParameterVector a, ParameterVector b) {
        return Kernels.distance(a.trainable(), b.trainable());
    }
}
