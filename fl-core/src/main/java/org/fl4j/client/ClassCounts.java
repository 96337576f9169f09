package org.fl4j.client;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.Map;
import org.fl4j.data.ClientExamples;
import org.fl4j.internal.Check;
import org.fl4j.message.TrainingTask;
import org.fl4j.model.LocalModel;
import org.fl4j.tensor.Tensors;

/**
 * How many examples of each class a client has: attachment {@link #COUNTS}, float32 of shape (classes). It tells of the
 * client's data, so runs with local differential privacy refuse it.
 *
 * @param classes how many there are, at least 1
 */
public record ClassCounts(int classes) implements ClientQuery {
    /** The name of the attachment. */
    public static final String COUNTS = "class-counts";

    /** Checks the number. */
    public ClassCounts {
        Check.positive("classes", classes);
    }

    /** Returns what a {@link org.fl4j.message.Query} asks for it by. */
    public String name() {
        return COUNTS + ":classes=" + classes;
    }

    @Override
    public Map<String, NDArray> answer(TrainingTask task, LocalModel model, ClientExamples examples) {
        float[] counts = new float[classes];
        for (int label : examples.gather(model.manager()).classIndices()) {
            Check.inRange("label", 0, classes - 1, label);
            counts[label]++;
        }
        return Map.of(COUNTS, Tensors.create(model.manager(), counts, new Shape(classes)));
    }
}
