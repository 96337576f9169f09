package org.fl4j.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.random.RandomGenerator;
import org.fl4j.tensor.Tensors;

/** Draws the masks of dropout layers: elements are 0 or 1 / (1 - rate). */
final class DropoutMasks {
    private DropoutMasks() {}

    /** Draws a mask from the generator of the client whose task a model is at. */
    static NDArray draw(LocalModel model, Shape shape, double rate) {
        float[] mask = new float[Math.toIntExact(shape.size())];
        fill(mask, 0, mask.length, rate, model.dropoutGenerator());
        return Tensors.create(model.manager(), mask, shape);
    }

    /** Draws elements of a mask from 16 random bits each. */
    static void fill(float[] mask, int from, int to, double rate, RandomGenerator random) {
        float kept = (float) (1 / (1 - rate));
        long threshold = Math.round(rate * 65536);
        long bits = 0;
        for (int i = from; i < to; i++) {
            bits = (i - from) % 4 == 0 ? random.nextLong() : bits >>> 16;
            mask[i] = (bits & 0xFFFF) < threshold ? 0 : kept;
        }
    }
}
