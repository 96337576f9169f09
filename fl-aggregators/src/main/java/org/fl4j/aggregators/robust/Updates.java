package org.fl4j.aggregators.robust;

import java.util.List;
import org.fl4j.core.ModelUpdate;
import org.fl4j.tensor.Kernels;
import org.fl4j.tensor.ParameterVector;

/** What robust rules do with a list of updates. */
final class Updates {
    private Updates() {}

    /** Returns the plain mean; integer buffers are those of the first. */
    static ParameterVector mean(List<ModelUpdate> updates) {
        ParameterVector sum = updates.get(0).delta().copy();
        for (ModelUpdate update : updates.subList(1, updates.size())) {
            sum.addScaledInPlace(update.delta(), 1);
        }
        sum.floats().divi(updates.size());
        return sum;
    }

    /** Returns the squared Euclidean distances between the trainable parts, summed in float64. */
    static double[][] squaredDistances(List<ModelUpdate> updates) {
        double[][] distances = new double[updates.size()][updates.size()];
        for (int i = 0; i < updates.size(); i++) {
            for (int j = 0; j < i; j++) {
                double distance =
                        distance(updates.get(i).delta(), updates.get(j).delta());
                distances[i][j] = distance * distance;
                distances[j][i] = distances[i][j];
            }
        }
        return distances;
    }

    /** Returns the Euclidean distance between the trainable parts. */
    static double distance(ParameterVector a, ParameterVector b) {
        return Kernels.distance(a.trainable(), b.trainable());
    }
}
